"""Names of modules: which ones Python can import, and none of its own.

A file json.py in the current folder is what every ``import json`` finds: the programs beside it then fail far
from the reason.
"""

from __future__ import annotations

import keyword
import os
import re
import sys

from ..text import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# of Python 3.8 to 3.14, so that each gives the same answer; without test, whose name is nobody's mistake
_STANDARD = frozenset("""
abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii
binhex bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys
compileall compression concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses
dataclasses datetime dbm decimal difflib dis distutils doctest dummy_threading email encodings ensurepip enum errno
faulthandler fcntl filecmp fileinput fnmatch formatter fractions ftplib functools gc genericpath getopt getpass
gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io
ipaddress itertools json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap
modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse
os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint
profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource
rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket
socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct
subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this
threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types typing
unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc
xxlimited xxsubtype zipapp zipfile zipimport zlib zoneinfo
""".split())
# of MicroPython on its boards, and of the micro:bit, where they are not Python's too
_BOARDS = frozenset("""
aioble aiorepl audio bluetooth boot btree cryptolib deflate dht ds18x20 esp esp32 espnow framebuf log love lwip
machine microbit micropython mip music neopixel network ntptime onewire openamp power pyb radio requests rp2 sdcard
speech ssd1306 stm tls uarray uasyncio ubinascii ubluetooth ucollections ucryptolib uctypes uerrno uhashlib uheapq
uio ujson umqtt uos uplatform urandom ure urequests uselect usocket ussl ustruct usys utime uwebsocket uzlib vfs
webrepl websocket wipy zephyr
""".split())


def checked_name(path: Any, target: str) -> str:
    """The name of the module that a file NAME.py is; one that cannot be imported, or hides another, is refused.

    >>> checked_name("models/flower.py", "python")
    'flower'
    >>> checked_name("json.py", "python")
    Traceback (most recent call last):
    ...
    ValueError: json.py: it would hide the module json of Python, name it json_model.py
    """
    name, ending = os.path.splitext(os.path.basename(str(path)))
    if ending != ".py" or not name:
        raise ValueError("%s: a network is exported to a file NAME.py" % quote(path))
    why = _objection(name, target)
    if why:
        raise ValueError("%s: %s, name it %s.py" % (quote(path), why, _like(name, target)))
    return name


def _objection(name: str, target: str) -> str:
    """Why a module cannot have a name; empty where it can."""
    if target != "python" and not _is_ascii(name):
        return "the name of a module for boards must be ASCII"
    if not name.isidentifier():
        return "import takes a name of letters, digits and _"
    if keyword.iskeyword(name):
        return "%s is a word of Python itself, which import does not take" % name
    if name == "purenn":
        return "it would hide purenn itself"
    if name in _STANDARD | set(sys.builtin_module_names) | getattr(sys, "stdlib_module_names", set()) - {"test"}:
        return "it would hide the module %s of Python" % name
    if target != "python" and name in _BOARDS:
        return "it would hide the module %s of MicroPython" % name
    return ""


def _like(name: str, target: str) -> str:
    """A name like that one which a module can have."""
    like = re.sub(r"\W", "_", name) if target == "python" else re.sub(r"[^A-Za-z0-9_]", "_", name)
    like = "model_" + like if not like.isidentifier() or not like.strip("_") else like
    return like if not _objection(like, target) else like + "_model"


def _is_ascii(name: str) -> bool:
    return all([ord(letter) < 128 for letter in name])
