import pytest

from governance.ids import SubjectId
from serve_apps.ingress.errors import TooManyAttempts
from serve_apps.ingress.followers import Followers


def test_each_person_has_so_many_streams_and_gets_them_back() -> None:
    followers, ada, ben = Followers(most=1), SubjectId.new(), SubjectId.new()
    with followers.one_more(ada):
        with followers.one_more(ben):
            pass
        with pytest.raises(TooManyAttempts), followers.one_more(ada):
            pass
    with followers.one_more(ada):
        pass
