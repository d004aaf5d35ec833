"""Which formulas a workbook must hold as array formulas."""

from __future__ import annotations

import pytest

from mergecells.formula import needs_array, parse

ARRAYS = {"ages", "prices", "prices_country"}


@pytest.mark.parametrize(
    "text",
    [
        "=SUM((ages>5)*1)",
        '=SUM(IF(prices_country="DE",1,0))',
        "=MAX(LEN(ages))",
        "=SUM(SORT(ages))",
        "=AND(ages>0)",
        "=MAX(-ages)",
        "=SUM(ages%)",
        "=COUNTIF(ages,ages)>1",
        "=SUM({1,2}*years)",
        "=IF(ages>1,1,0)",
        "=1+ages",
        "=ROUND(AVERAGE(IFERROR(ages/years,0)),2)",
        "=INDEX(SORT(ages),1)",
    ],
)
def test_needs_array_where_a_list_meets_a_single_value(text: str) -> None:
    """A spreadsheet would take one cell of the list, or the function makes an array."""
    assert needs_array(parse(text), ARRAYS)


@pytest.mark.parametrize(
    "text",
    [
        "=SUM(ages)",
        "=COUNTIF(ages,years)>0",
        "=VLOOKUP(country,prices,2,FALSE)",
        "=INDEX(prices,MATCH(country,prices_country,0),2)",
        "=IF(years>5,1,0)",
        "=LOOKUP(employees,{0,10,50},{0.1,0.4,1})",
        "=MAX(ages,years*2)",
        "=SUMIF(ages,years)",
        '=SWITCH(LOWER(source),"a",1,0)',
        "=MATCH(years,{1,2,3},1)",
        "=SUM(LARGE(ages,2))",
    ],
)
def test_needs_no_array_where_lists_are_taken_whole(text: str) -> None:
    """An ordinary formula stays one: editing it in any program is then as usual."""
    assert not needs_array(parse(text), ARRAYS)
