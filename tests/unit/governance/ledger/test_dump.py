import re
from pathlib import Path

from governance.ledger import dump


def test_every_table_is_in_a_backup_or_left_out_on_purpose() -> None:
    schema = Path(dump.__file__).with_name("schema.sql").read_text()
    assert set(re.findall(r"CREATE TABLE public\.(\w+)", schema)) == {*dump.TABLES, *dump.LEFT_OUT}
