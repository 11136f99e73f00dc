from PIL import Image

from cluster.demo.sheet import CELL, Compared, Scored, contact_sheet

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def picture(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", (64, 64), colour)


def area(sheet: Image.Image, colour: tuple[int, int, int]) -> int:
    return sum(count for count, found in sheet.getcolors(sheet.width * sheet.height) or () if found == colour)


def test_every_photo_and_every_picture_is_on_the_sheet() -> None:
    before, after = Scored(picture(GREEN), 0.1), Scored(picture(BLUE), 0.9)
    compared = [
        Compared(f"sks person on a beach in a shirt number {n}, smiling widely", before, after) for n in range(4)
    ]
    sheet = contact_sheet([picture(RED)] * 8, compared)
    assert area(sheet, RED) == 8 * CELL * CELL
    assert area(sheet, GREEN) == 4 * CELL * CELL
    assert area(sheet, BLUE) == 4 * CELL * CELL


def test_few_pictures_make_a_small_sheet() -> None:
    one = Scored(picture(GREEN), 0.5)
    assert contact_sheet([picture(RED)], [Compared("a", one, one)]).width < contact_sheet([picture(RED)] * 8, []).width
