import inspect
import pickle

import pytest

from governance.audit import errors
from governance.audit.errors import AuditError, CertificateError
from governance.errors import GovernanceError

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__]


def test_the_tree_at_the_top_of_the_file_is_the_tree():
    assert {one.__name__ for one in CLASSES} == {
        word for word in errors.__doc__.replace("\n", " ").split() if word.isidentifier() and word[0].isupper()
    } - {"What", "Merkle"}


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_says_what_it_means_and_travels(error):
    assert issubclass(error, GovernanceError)
    assert str(error()) == error.__doc__
    assert str(pickle.loads(pickle.dumps(error("this one")))) == "this one"


def test_one_clause_catches_whatever_is_wrong_with_a_certificate():
    assert len([one for one in CLASSES if issubclass(one, CertificateError)]) == 9
    assert all(issubclass(one, AuditError) for one in CLASSES)
