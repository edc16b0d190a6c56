"""`junit.xml`: a test case for each observation, for CI systems that show such files."""

from xml.etree import ElementTree

from harness.records import Error, Verdict
from harness.reports.matrix import Cell, Matrix

__all__ = ["render_junit"]


def render_junit(matrix: Matrix) -> str:
    """One suite per engine and preset; kept and explained observations pass."""
    root = ElementTree.Element("testsuites", name="afterclose")
    if matrix.caveats:
        about = ElementTree.SubElement(root, "testsuite", name="afterclose", tests="0")
        ElementTree.SubElement(about, "system-err").text = "\n".join(matrix.caveats)
    for column in matrix.columns:
        name = f"{column.engine} {column.engine_version} {column.preset}"
        suite = ElementTree.SubElement(root, "testsuite", name=name)
        for row in matrix.rows:
            cell = matrix.cell(row, column)
            if cell is not None:
                _cases(suite, row.scenario, cell)
        # Sorting keeps the order of those that are alike.
        suite[:] = sorted(suite, key=lambda case: case.find("failure[@type='flaky']") is None)
        for attribute, tag in (
            ("tests", "testcase"),
            ("failures", "testcase/failure"),
            ("errors", "testcase/error"),
            ("skipped", "testcase/skipped"),
        ):
            suite.set(attribute, str(len(suite.findall(tag))))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _cases(suite: ElementTree.Element, scenario: str, cell: Cell) -> None:
    for observation in cell.observations:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=scenario,
            name=f"{observation.check}: {observation.policy}/{observation.surface}",
            time=f"{observation.duration_s:.3f}",
        )
        repeats = cell.repeats_of(observation)
        said = []
        if observation.verdict is Verdict.FLAKY and repeats:
            failure = ElementTree.SubElement(
                case, "failure", type="flaky", message=f"flaky: {repeats.sentence}"
            )
            failure.text = "\n".join([*observation.steps, *repeats.evidence])
        elif repeats:
            said.append(repeats.sentence)
        if observation.verdict is Verdict.UNEXPECTED:
            failure = ElementTree.SubElement(case, "failure", message=observation.comparison)
            failure.text = "\n".join([*observation.steps, str(observation.evidence.reason)])
        elif observation.limitation is not None:
            said.append(
                f"promised {observation.told_promised}, observed {observation.told_observed}: "
                f"{observation.limitation}"
            )
        if said:
            ElementTree.SubElement(case, "system-out").text = "\n".join(said)
    if cell.trouble is not None:
        case = ElementTree.SubElement(suite, "testcase", classname=scenario, name="run")
        tag = "error" if isinstance(cell.trouble, Error) else "skipped"
        ElementTree.SubElement(case, tag, message=cell.trouble.sentence)
