"""Statements as documents: made once in each language, kept by their hash, handed out as they were."""

import base64
import hashlib
from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from commissions.models import Statement
from shop.kernel import clock, db, signing
from shop.kernel.i18n import locale
from shop.rewards import statement_csv, statement_pdf
from shop.rewards.statement_sheet import Sheet, sheet_of
from shop.rewards.tax_models import StatementDocument

KINDS: Mapping[str, tuple[str, Callable[[Sheet], bytes]]] = {
    "pdf": ("application/pdf", statement_pdf.write),
    "csv": ("text/csv", statement_csv.write),
}


def document(statement_id: int, kind: str) -> bytes:
    """The document in the reader's language, byte for byte as it was made first."""
    tag = locale()
    with db.reading() as session:
        kept = session.get(StatementDocument, (statement_id, kind, tag))
        if kept is not None:
            return _opened(kept)
        content = draw(session, session.get_one(Statement, statement_id), kind)
    with db.unit_of_work() as session:
        session.execute(
            db.insert_new(session, StatementDocument).values(
                statement_id=statement_id,
                kind=kind,
                locale=tag,
                sealed=signing.seal(base64.b64encode(content).decode()),
                sha256=hashlib.sha256(content).hexdigest(),
                at=clock.now(),
            )
        )
        return _opened(session.get_one(StatementDocument, (statement_id, kind, tag)))


def draw(session: Session, statement: Statement, kind: str) -> bytes:
    """Make the document anew; the same as before as long as no name has changed."""
    _mimetype, write = KINDS[kind]
    return write(sheet_of(session, statement))


def _opened(kept: StatementDocument) -> bytes:
    return base64.b64decode(signing.unseal(kept.sealed))
