"""`junit.xml`: a test case for each observation, for CI systems that show such files.

They tell a case by its class name and name, and group by the class name up to its last dots: so
that has the engine and the preset in it, and no version, which would break a case's history.
"""

import re
from collections import Counter
from xml.etree import ElementTree

from harness.records import Error, Observation, Unsupported, Verdict
from harness.reports.baseline import Standing
from harness.reports.matrix import Cell, Column, Matrix

__all__ = ["render_junit"]

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A browser's message may have the colours of a terminal in it."""


def render_junit(matrix: Matrix, standing: Standing | None = None) -> str:
    """One suite per engine and preset; kept and explained observations pass, and what a baseline
    accepts is skipped. What is wrong with the baseline itself is a suite of its own."""
    root = ElementTree.Element("testsuites", name="afterclose")
    if matrix.caveats:
        about = _suite(root, "afterclose")
        told = _text("\n".join(matrix.caveats))
        ElementTree.SubElement(about, "system-err").text = told
    names = Counter((column.engine, column.preset) for column in matrix.columns)
    for column in matrix.columns:
        several = names[column.engine, column.preset] > 1
        suite = _suite(root, _name(column, several))
        properties = ElementTree.SubElement(suite, "properties")
        ElementTree.SubElement(
            properties, "property", name="engine_version", value=column.engine_version
        )
        for row in matrix.rows:
            cell = matrix.cell(row, column)
            if cell is not None:
                classname = f"{_name(column, several).replace(' ', '.')}.{row.scenario}"
                _cases(suite, _text(classname), cell, standing)
        # What is flaky comes first; sorting keeps the order of those that are alike.
        suite[:] = sorted(
            suite, key=lambda e: e.tag == "testcase" and e.find("failure[@type='flaky']") is None
        )
    if standing is not None:
        suite = _suite(root, "baseline")
        for entry in standing.baseline.entries:
            case = ElementTree.SubElement(
                suite, "testcase", classname="baseline", name=_text(entry.told)
            )
            if entry in standing.complaints:
                message = _text(standing.complaints[entry])
                ElementTree.SubElement(case, "failure", message=message)
    for suite in root:
        for attribute, tag in (
            ("tests", "testcase"),
            ("failures", "testcase/failure"),
            ("errors", "testcase/error"),
            ("skipped", "testcase/skipped"),
        ):
            suite.set(attribute, str(len(suite.findall(tag))))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _name(column: Column, several: bool) -> str:
    """Of an engine and preset; of several versions, with the version, whose dots would group."""
    version = f" {column.engine_version.replace('.', '_')}" if several else ""
    return f"{column.engine}{version} {column.preset}"


def _suite(root: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(root, "testsuite", name=_text(name))


def _cases(
    suite: ElementTree.Element, classname: str, cell: Cell, standing: Standing | None
) -> None:
    for observation in cell.observations:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=classname,
            name=_text(f"{observation.check}: {observation.policy}/{observation.surface}"),
            time=f"{observation.duration_s:.3f}",
        )
        if _accepted(case, observation, standing):
            continue
        repeats = cell.repeats_of(observation)
        said = []
        if observation.verdict is Verdict.FLAKY and repeats:
            failure = ElementTree.SubElement(
                case, "failure", type="flaky", message=_text(f"flaky: {repeats.sentence}")
            )
            failure.text = _text("\n".join([*observation.steps, *repeats.evidence]))
        elif repeats:
            said.append(repeats.sentence)
        if observation.verdict is Verdict.UNEXPECTED:
            message = _text(observation.comparison)
            failure = ElementTree.SubElement(case, "failure", message=message)
            failure.text = _text("\n".join([*observation.steps, str(observation.evidence.reason)]))
        elif observation.limitation is not None:
            said.append(
                f"promised {observation.told_promised}, observed {observation.told_observed}: "
                f"{observation.limitation}"
            )
        if said:
            ElementTree.SubElement(case, "system-out").text = _text("\n".join(said))
    if cell.trouble is not None:
        case = ElementTree.SubElement(suite, "testcase", classname=classname, name="run")
        if not _accepted(case, cell.trouble, standing):
            tag = "error" if isinstance(cell.trouble, Error) else "skipped"
            ElementTree.SubElement(case, tag, message=_text(cell.trouble.sentence))


def _accepted(
    case: ElementTree.Element,
    record: Observation | Unsupported | Error,
    standing: Standing | None,
) -> bool:
    reason = standing.reason(record) if standing else None
    if reason is None:
        return False
    told = record.comparison if isinstance(record, Observation) else record.sentence
    message = _text(f"{record.verdict}, accepted: {reason}: {told}")
    ElementTree.SubElement(case, "skipped", message=message)
    return True


def _text(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
