"""The residue scanner: looks for what an erasure left behind, in raw bytes, without asking the ledger where to look.

`canary` holds what to look for (photos, texts, tensors), `pixels`, `texts` and `tensors` derive the forms a leak would
take, `windows` cuts telling slices out of them, `matcher` finds thousands of slices in one pass, `carve` opens
compressed streams and pictures met on the way, `likeness` recognises a picture that was resized or encoded anew,
`files` and `memory` are the places, `scanner` brings them together and `report` says what was found. `planting` hides
leaks on purpose, to measure how many are found.
"""
