from pathlib import Path

import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.csv_quotes import refuse_swallowed_rows


def read(text, separator=","):
    refuse_swallowed_rows(text.splitlines(keepends=True), Path("t.csv"), separator)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,"x\n2,y\n3,z\n', 2),
        ('a,b\n1,"x\n2,y\n3,"z\n4,w\n', 2),
        ('a,b\n0,"fine"\n1,"x\n2,y\n3,"z\n', 3),
        ('a,b\n1,x\n2,"\n3,y\n4,"\n5,z\n', 3),
        ('a,b\n1,"x\n2,y\n3,z"\n4,w\n', 2),
        ('name,b,c,d\nu,"x,1,2\nv,y,1,2\nw,z",1,2\n', 2),
        ('a;b\n1;"x\n2;y\n3;"z\n', 2),
        ('a,b\n"two\nlines",0\n1,x\n2,"y\n3,"z\n', 5),
        ('a,b\n1,"x\n' + "2,y\n" * 40_000 + '3,"z\n', 2),
        ('a,b\r\n1,"x\r\n2,y\r\n3,"z\r\n', 2),
    ],
)
def test_quotes_that_swallow_rows_are_refused_by_line(text, line):
    with pytest.raises(TabTransferError, match=rf"quote .* opened in line {line} isn't closed"):
        read(text, ";" if ";" in text else ",")


@pytest.mark.parametrize(
    "text",
    [
        'a,b\n1,"two\nlines"\n2,y\n',
        'a,b\n1,"Dear all,\n\nthanks, and bye"\n2,y\n',
        'a,b,c\n1,"one, two, three\nfour, five, six",x\n',
        'a,b\n1,6" pipe\n2,8" pipe\n3,9" pipe\n',
        'a,b\n1,"6"" pipe"\n',
        'a,b\n1,"John "Johnny" Smith"\n2,y\n',
        'a\n"one\ntwo"\n"three"\n',
        'a,b\n1,"' + "long " * 50_000 + '"\n2,y\n',
        "",
    ],
)
def test_other_quotes_are_left_alone(text):
    read(text)
