"""A paper as DOCX, made so that an office can go on editing it in Word or LibreOffice.

Times New Roman everywhere (the default template's theme fonts are taken out), A4, margins 20/20/30/20 mm, page
number centred at the top from page 2. Rows of long tables are written as raw XML: python-docx needs minutes for them.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from incident.papers.drawing import png
from incident.papers.paper import Block, Heading, Paper, Paragraph, Picture, Quote, Table, printable

MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FONT = "Times New Roman"
BODY = 14
TABLE = 11
LINE_MM = 160  # 210 less the margins
PICTURE_MM = 150
TWIPS_PER_MM = 1440 / 25.4
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
HEAD_SHARES = (68, 92)


def write(paper: Paper, now: datetime) -> bytes:
    """The paper as the bytes of a DOCX; the same paper and `now` give the same text."""
    from docx import Document

    document = Document()
    _page(document, paper)
    _typeface(document)
    _properties(document, paper, now)
    _head(document, paper)
    _title(document, paper)
    for block in paper.blocks:
        _block(document, block)
    _foot(document, paper)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


# ------------------------------------------------------------------ the page


def _page(document: Any, paper: Paper) -> None:
    from docx.shared import Mm

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    section.header_distance = section.footer_distance = Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    _centre(number)
    _field(number, "PAGE")
    if paper.mark:
        _run(_centre(section.header.add_paragraph()), paper.mark, 12, bold=True)
        _run(_centre(section.first_page_header.paragraphs[0]), paper.mark, 12, bold=True)
    for footer in (section.footer, section.first_page_footer):
        if paper.footnote:
            _run(_centre(footer.paragraphs[0]), paper.footnote, 8)


def _typeface(document: Any) -> None:
    """Name the typeface in every style and in the defaults, and take the theme's fonts and colours out."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

    styles = document.styles
    normal = styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(BODY)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
    for fonts in styles.element.iter(qn("w:rFonts")):
        _name_fonts(fonts)
    for colour in list(styles.element.iter(qn("w:color"))):
        colour.getparent().remove(colour)
    for level, size in ((1, BODY), (2, BODY)):
        style = styles[f"Heading {level}"]
        style.font.size, style.font.bold, style.font.italic = Pt(size), True, False
        style.paragraph_format.space_before, style.paragraph_format.space_after = (
            Pt(12 if level == 1 else 6),
            Pt(6),
        )
    for language in styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "vi-VN")


def _name_fonts(fonts: Any) -> None:
    from docx.oxml.ns import qn

    for attribute in list(fonts.attrib):
        if attribute.endswith("Theme"):
            del fonts.attrib[attribute]
    for attribute in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(attribute), FONT)


def _properties(document: Any, paper: Paper, now: datetime) -> None:
    properties = document.core_properties
    properties.author = properties.last_modified_by = " ".join(paper.office.agency)
    properties.title = f"{paper.kind}: {paper.subject}"[:250]
    properties.subject = paper.mark
    properties.comments = properties.keywords = ""
    properties.language = "vi-VN"
    properties.created = properties.modified = now.replace(tzinfo=None)


# ------------------------------------------------------------------ head, title, foot


def _head(document: Any, paper: Paper) -> None:
    left, right = _two_columns(document, HEAD_SHARES)
    if paper.office.superior:
        _run(_centre(left.paragraphs[0]), paper.office.superior.upper(), 13)
        left.add_paragraph()
    _lines(left, paper.office.agency, 13, bold=True)
    _rule(left.paragraphs[-1], 22)
    _run(_centre(left.add_paragraph()), paper.number, 13)
    _lines(right, ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",), 12.5, bold=True)
    motto = _centre(right.add_paragraph())
    _run(motto, "Độc lập - Tự do - Hạnh phúc", 13.5, bold=True)
    _rule(motto, 12)
    _run(_centre(right.add_paragraph()), paper.dateline, 13.5, italic=True)
    for cell in (left, right):
        cell.paragraphs[-1].paragraph_format.space_before = _points(6)


def _title(document: Any, paper: Paper) -> None:
    if paper.handling:
        _run(_centre(document.add_paragraph(), before=12), paper.handling, 13, bold=True)
    _run(_centre(document.add_paragraph(), before=14), paper.kind, 14, bold=True)
    subject = _centre(document.add_paragraph())
    _run(subject, paper.subject, 14, bold=True)
    _rule(subject, 56)
    for line in (line for line in (paper.mark, paper.standing) if line):
        _run(
            _centre(document.add_paragraph(), before=6),
            line,
            13,
            bold=line == paper.mark,
            italic=line != paper.mark,
        )
    document.add_paragraph().paragraph_format.space_after = _points(2)


def _foot(document: Any, paper: Paper) -> None:
    """Never alone on a page: the last sentence is kept with it."""
    for paragraph in (document.paragraphs[-1], document.add_paragraph()):
        paragraph.paragraph_format.keep_with_next = True
    left, right = _two_columns(document, (80, 80))
    _run(left.paragraphs[0], "Nơi nhận:", 12, bold=True, italic=True)
    for line in paper.recipients:
        _run(left.add_paragraph(), f"- {line}", 11)
    _lines(right, paper.office.authority, 14, bold=True)
    for _ in range(4):
        right.add_paragraph()


def _two_columns(document: Any, shares: tuple[int, int]) -> tuple[Any, Any]:
    """A borderless row of two cells, `shares` in mm, that no page break parts."""
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.shared import Mm

    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    _no_cell_margins(table)
    for column, cell, share in zip(table.columns, table.rows[0].cells, shares, strict=True):
        column.width = cell.width = Mm(share)
    table.rows[0]._tr.get_or_add_trPr().append(_element("w:cantSplit"))
    first, second = table.rows[0].cells
    return first, second


def _no_cell_margins(table: Any) -> None:
    margins = "".join(f'<w:{side} w:w="0" w:type="dxa"/>' for side in ("left", "right"))
    table._tbl.tblPr.append(_parse(f'<w:tblCellMar xmlns:w="{W}">{margins}</w:tblCellMar>'))


def _lines(cell: Any, lines: tuple[str, ...], size: float, *, bold: bool) -> None:
    """One centred paragraph a line; the cell's empty paragraph takes the first."""
    for line in lines:
        last = cell.paragraphs[-1]
        _run(_centre(last if not last.text else cell.add_paragraph()), line, size, bold=bold)


def _rule(paragraph: Any, indent_mm: int) -> None:
    """The rule under a line: the border of an empty line after it, kept to the middle by indents."""
    indent = _twips(indent_mm)
    paragraph._p.addnext(
        _parse(
            f'<w:p xmlns:w="{W}"><w:pPr><w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>'
            f'<w:spacing w:before="20" w:after="0" w:line="60" w:lineRule="exact"/>'
            f'<w:ind w:left="{indent}" w:right="{indent}"/></w:pPr></w:p>'
        )
    )


# ------------------------------------------------------------------ the body


def _block(document: Any, block: Block) -> None:
    match block:
        case Heading():
            document.add_heading(printable(block.text), level=block.level)
        case Paragraph():
            _body(document, block)
        case Quote():
            _quote(document, block)
        case Table():
            _table(document, block)
        case Picture():
            _picture(document, block)


def _body(document: Any, block: Paragraph) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    for line in printable(block.text).split("\n"):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.first_line_indent = Mm(10)
        paragraph.paragraph_format.space_after = _points(6)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        _run(paragraph, line, BODY, bold=block.bold, italic=block.italic)


def _quote(document: Any, block: Quote) -> None:
    from docx.shared import Mm

    for line in printable(block.text).split("\n"):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.left_indent = Mm(10)
        paragraph.paragraph_format.space_after = _points(4)
        _run(paragraph, line, 13, italic=True)


def _picture(document: Any, block: Picture) -> None:
    from docx.shared import Mm

    shape = document.add_picture(io.BytesIO(block.png or png(block.svg)), width=Mm(PICTURE_MM))
    shape._inline.docPr.set("descr", printable(block.alt))
    shape._inline.docPr.set("title", printable(block.caption))
    _centre(document.paragraphs[-1]).paragraph_format.keep_with_next = True
    _run(_centre(document.add_paragraph()), block.caption, 12, italic=True)


def _table(document: Any, block: Table) -> None:
    """Bordered, with its head repeated on every page; rows do not break across pages."""
    total = sum(column.width for column in block.columns)
    widths = [_twips(LINE_MM * column.width / total) for column in block.columns]
    marks = [' w:val="center"' if column.centred else ' w:val="left"' for column in block.columns]
    head = _row([c.title for c in block.columns], widths, [' w:val="center"'] * len(widths), bold=True)
    head = head.replace("<w:trPr>", "<w:trPr><w:tblHeader/>")
    body = "".join(_row(list(cells), widths, marks) for cells in block.rows)
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    caption = escape(printable(block.caption), {'"': "&quot;"})
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    table = _parse(
        f'<w:tbl xmlns:w="{W}"><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>{edges}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="0620" w:firstRow="1" w:lastRow="0" w:firstColumn="0"'
        f' w:lastColumn="0" w:noHBand="1" w:noVBand="1"/><w:tblCaption w:val="{caption}"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{head}{body}</w:tbl>"
    )
    spacer = document.add_paragraph()
    spacer.paragraph_format.line_spacing = _points(8)
    spacer._p.addprevious(table)


def _row(cells: list[str], widths: list[int], alignments: list[str], *, bold: bool = False) -> str:
    size = f'<w:sz w:val="{TABLE * 2}"/><w:szCs w:val="{TABLE * 2}"/>'
    look = f"<w:rPr>{'<w:b/>' if bold else ''}{size}</w:rPr>"
    keep = "<w:keepNext/>" if bold else ""
    made = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
        f'<w:p><w:pPr>{keep}<w:spacing w:before="20" w:after="20"/><w:jc{alignment}/></w:pPr>{_text_runs(cell, look)}</w:p></w:tc>'
        for cell, width, alignment in zip(cells, widths, alignments, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{made}</w:tr>"


def _text_runs(text: str, look: str) -> str:
    lines = "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in printable(text).split("\n")
    )
    return f"<w:r>{look}{lines}</w:r>"


# ------------------------------------------------------------------ small parts of the format


def _run(paragraph: Any, text: str, size: float, *, bold: bool = False, italic: bool = False) -> None:
    run = paragraph.add_run(printable(text))
    run.font.size = _points(size)
    run.bold, run.italic = bold, italic


def _centre(paragraph: Any, before: float = 0) -> Any:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if before:
        paragraph.paragraph_format.space_before = _points(before)
    return paragraph


def _field(paragraph: Any, instruction: str) -> None:
    paragraph._p.append(
        _parse(
            f'<w:fldSimple xmlns:w="{W}" w:instr="{instruction}"><w:r><w:rPr><w:sz w:val="26"/></w:rPr>'
            f"<w:t>2</w:t></w:r></w:fldSimple>"
        )
    )


def _element(tag: str) -> Any:
    from docx.oxml import OxmlElement

    return OxmlElement(tag)


def _parse(xml: str) -> Any:
    from docx.oxml import parse_xml

    return parse_xml(xml)


def _points(size: float) -> Any:
    from docx.shared import Pt

    return Pt(size)


def _twips(millimetres: float) -> int:
    return round(millimetres * TWIPS_PER_MM)
