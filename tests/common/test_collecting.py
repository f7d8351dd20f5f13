import gc

import pytest

from common.collecting import set_aside


def test_what_was_there_is_set_aside_until_the_end_even_of_an_error():
    gc.unfreeze()
    with set_aside():
        assert gc.get_freeze_count() > 1_000
    assert gc.get_freeze_count() == 0
    with pytest.raises(ZeroDivisionError), set_aside():
        raise ZeroDivisionError
    assert gc.get_freeze_count() == 0
