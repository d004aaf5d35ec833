"""What a hostile or careless editor may type. One list for the tests of findings and the benchmark of their time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Hostile(NamedTuple):
    """`place`: the character (from 1) that the message names; `word`: something that it must say."""

    text: str
    place: int
    word: str


def _doubling(count: int) -> str:
    """LAMBDAs that each call the one before twice."""
    steps = ",".join(f"b{i}_,LAMBDA(x,{p}(x)+{p}(x))" for i in range(count) for p in [f"b{i - 1}_" if i else "a_"])
    return f"=LET(a_,LAMBDA(x,x+1),{steps},b{count - 1}_(1))"


HOSTILE: Mapping[str, Hostile] = {
    "100,000 characters": Hostile("=" + "1+" * 50_000 + "1", 8_193, "named formulas"),
    "10,000 nested parentheses": Hostile("=" + "(" * 10_000 + "1" + ")" * 10_000, 8_193, "named formulas"),
    "4,000 nested parentheses": Hostile("=" + "(" * 4_000 + "1" + ")" * 4_000, 66, "64 deep"),
    "10,000 nested calls": Hostile("=" + "ABS(" * 1_600 + "1" + ")" * 1_600, 261, "64 deep"),
    "10,000 nested IFs": Hostile("=" + "IF(years>1," * 500 + "1" + ",0)" * 500, 708, "64 deep"),
    "10,000 opening parentheses": Hostile("=" + "(" * 8_000, 66, "64 deep"),
    "signs": Hostile("=" + "-" * 8_000 + "1", 130, "deep"),
    "percent signs": Hostile("=1" + "%" * 8_000, 19, "% signs"),
    "recursion by name": Hostile("=LET(f,LAMBDA(n,f(n-1)),f(9))", 17, "calls itself"),
    "recursion by argument": Hostile("=LET(g,LAMBDA(f,f(f)),g(g))", 17, "cannot be called"),
    "a LAMBDA that is handed to itself": Hostile("=LAMBDA(f,f(f))(LAMBDA(f,f(f)))", 11, "cannot be called"),
    "doubling lambdas": Hostile(_doubling(20), 315, "10000 steps"),
    "LET inside of LET": Hostile("=" + "LET(v_,years," * 300 + "v_" + ")" * 300, 837, "64 deep"),
    "exploding repetition": Hostile('=REGEXTEST("x","(((a{100}){100}){100})")', 17, "instructions"),
    "a repetition of a billion": Hostile('=REGEXTEST("x","a{1000000000}")', 18, "1000"),
    "a pattern of 5,000 groups": Hostile('=REGEXTEST("x","' + "(" * 5_000 + ")" * 2_000 + '")', 1_017, "1000 at most"),
    "back-reference": Hostile('=REGEXTEST("x","(a*)*\\1")', 22, "refers back"),
    "look-alike letter": Hostile("=IF(уears>1,1,0)", 5, "cyrillic small letter u"),
    "look-alike letter inside of a name": Hostile("=yeаrs+1", 4, "cyrillic small letter a"),
    "look-alike function": Hostile("=ІF(years>1,1,0)", 2, "cyrillic"),
    "look-alike sign": Hostile("=years－1", 7, "plain -"),
    "a minus sign of typography": Hostile("=years−1", 7, "plain -"),
    "a multiplication sign": Hostile("=years×2", 7, "plain *"),
    "full-width digit": Hostile("=years*１", 8, "plain 1"),
    "Arabic digit": Hostile("=years*٣", 8, "plain 3"),
    "full-width equals": Hostile("＝years", 1, "plain ="),
    "full-width parenthesis": Hostile("=ABS（years）", 5, "plain ("),
    "smart quotes": Hostile("=IF(years>1,“a”,1)", 13, "straight quotes"),
    "German quotes": Hostile("=IF(years>1,„a“,1)", 13, "straight quotes"),
    "single quotes": Hostile("=IF(years>1,'a',1)", 13, "double quotes"),
    "an open quote": Hostile('=IF(years>1,"a,1)', 13, "not closed"),
    "full-width semicolon": Hostile("=IF(years>1；1；0)", 12, "type a comma"),
    "semicolons": Hostile("=IF(years>1;1;0)", 12, "comma"),
    "decimal comma": Hostile("=(years*0,5)", 10, "point"),
    "localised function": Hostile("=WENN(years>1,1,0)", 2, "IF"),
    "localised function, French": Hostile("=SOMME.SI.ENS(years,years,1)", 2, "SUMIFS"),
    "localised function, Spanish": Hostile("=BUSCARV(years,years,1)", 2, "VLOOKUP"),
    "localised function, Portuguese": Hostile("=SEERRO(years,0)", 2, "IFERROR"),
    "localised function, Italian": Hostile("=ARROTONDA(years,0)", 2, "ROUND"),
    "localised function, Dutch": Hostile("=ALS(years>1,1,0)", 2, "IF"),
    "leading apostrophe": Hostile("'=years", 1, "apostrophe"),
    "invisible character": Hostile("=years\u200b", 7, "invisible"),
    "a byte order mark": Hostile("\ufeff=years", 1, "invisible"),
    "a byte order mark after the sign": Hostile("=\ufeffyears", 2, "invisible"),
    "right-to-left override": Hostile("=years\u202e+1", 7, "invisible"),
    "right-to-left isolate": Hostile("=\u2067years\u2069", 2, "invisible"),
    "control character": Hostile("=years+\x7f1", 8, "cannot stand"),
    "a number of 8,000 digits": Hostile("=" + "9" * 8_000, 2, "too large"),
    "an exponent of 8,000 digits": Hostile("=1E" + "9" * 7_000, 2, "too large"),
    "a text of 8,000 quotes": Hostile("=" + '"' * 8_001, 8_002, "not closed"),
    "an array of 8,000 signs": Hostile("={" + "1;" * 2_000 + "1}", 2, "1024"),
    "255 and more arguments": Hostile("=SUM(" + "1," * 2_000 + "1)", 515, "255"),
    "formula injection": Hostile("=cmd|'/c calc'!A1", 5, "not understood"),
    "range": Hostile("=SUM(A1:B2)", 6, "cell references"),
    "spill range": Hostile("=SUM(years#)", 11, "Spill"),
}
"""Each is refused at a character."""

LARGE: Mapping[str, str] = {
    "a billion rows": "=SUM(SEQUENCE(1E9))",
    "a billion cells": "=SUM(SEQUENCE(31623,31623))",
    "a billion characters": '=LEN(REPT("a",1E9))',
    "a billion calls": "=SUM(MAKEARRAY(1E5,1E4,LAMBDA(r,c,r*c)))",
    "a grown array": "=ROWS(EXPAND({1},1E6,1E3))",
    "a matrix": "=SUM(MUNIT(1E5))",
    "many rows of many": "=SUM(MAP(SEQUENCE(20000),LAMBDA(a,SUM(SEQUENCE(20000)))))",
    "texts that double": '=LEN(REDUCE("ab",SEQUENCE(99),LAMBDA(a,b,a&a)))',
    "a pattern that explodes": '=REGEXTEST(REPT("a",32000),"^(a+)+$|^(a|aa)+b$|(x+x+)+y")',
    "a template that grows": '=LEN(REGEXREPLACE(REPT("a",9000),"a",REPT("b",30000)))',
    "stacks": "=ROWS(REDUCE(1,SEQUENCE(100),LAMBDA(a,b,VSTACK(a,a))))",
    "joined long texts": '=LEN(TEXTJOIN(REPT("x",9999),FALSE,SEQUENCE(20000)))',
    "a product of sequences": "=SUM(SEQUENCE(20000)*SEQUENCE(1,20000))",
    "distributions of a large shape": "=SUM(BETA.DIST(0.5+SEQUENCE(20000)/1E9,1E9,1E9,TRUE))",
    "inverses of a large shape": "=SUM(BETA.INV(SEQUENCE(20000)/20001,1E7,1E7))",
    "draws from a large urn": "=SUM(HYPGEOM.DIST(SEQUENCE(20000)+4E5,1E6,1E6,2E6,TRUE))",
    "depreciation for 20,000 periods": "=SUM(VDB(1E6,1,20000,0,SEQUENCE(20000)))",
    "a line through too many points": "=SUM(MAP(SEQUENCE(99),LAMBDA(a,SUM(LINEST(SEQUENCE(9999),SEQUENCE(9999))))))",
    "rates of many payments": "=SUM(RATE(SEQUENCE(20000),-1,5))",
    "matches of a list in itself": "=SUM(MATCH(SEQUENCE(20000),SEQUENCE(20000),1))",
}
"""Each asks for too much, and is an error value within its limits."""
