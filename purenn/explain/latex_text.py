"""Text as LaTeX takes it: nothing in a name is a command, and no character stops the compiler."""

from .numbers import plain

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedblright{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",  # two would become a dash
}


def latex_text(text: str) -> str:
    """Any text as LaTeX that prints it.

    >>> print(latex_text("50% <b> $x_1"))
    50\\% \\textless{}b\\textgreater{} \\$x\\_1
    """
    return "".join([_SPECIAL.get(character, character) for character in plain(text)])


def declarations(document: str) -> str:
    """What pdfLaTeX must be told of the characters of a document: those it lacks are shown by their number.

    XeLaTeX and LuaLaTeX know all characters, as far as the font does.
    """
    foreign = sorted({character for character in document if ord(character) > 0x17F})
    if not foreign:
        return ""
    declared = [r"\DeclareUnicodeCharacter{%04X}{\texttt{U+%04X}}" % (ord(c), ord(c)) for c in foreign]
    return "\\ifdefined\\pdfoutput\\ifdefined\\directlua\\else\n%s\n\\fi\\fi\n" % "\n".join(declared)
