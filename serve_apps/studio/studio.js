// The page put together.

import { call } from "./api.js";
import { arrive, openDoor } from "./door.js";
import { openMaking } from "./making.js";
import { openModels } from "./models.js";
import { byId, hear, tell } from "./page.js";
import { openPhotos } from "./photos.js";
import { openPictures } from "./pictures.js";
import { say, speak } from "./words.js";
import { openYours } from "./yours.js";

let policy = null;

function words(turn) {
  speak(turn);
  byId("language").textContent = say("language");
  if (policy) byId("policy").textContent = say("policy", { ...policy.controller, version: policy.version });
}

words(false);
byId("language").addEventListener("click", () => { words(true); tell("language"); });
for (const open of [openDoor, openPhotos, openModels, openMaking, openPictures, openYours]) open();
hear(["entered"], () => window.scrollTo(0, 0));
arrive();
call("GET", "/v1/policy").then((found) => { policy = found; words(false); }, () => undefined);
