"""What `dialect check` says: each seeded mistake by its place in the file and with the fix."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from bridge.config.mistakes import options
from bridge.config.packs import dialect_of, sound
from schemas.dialect import Dialect
from schemas.dialect.new import new_dialect
from schemas.dialect.review import review
from schemas.errors import ConfigError
from schemas.packs import shipped_names, shipped_text
from schemas.texts import Language

SHIPPED = [name for name in shipped_names("dialects") if "operations" in tomllib.loads(shipped_text("dialects", name))]
SCHEMAS = Path(__file__).parents[2] / "schemas"
SKELETON = (SCHEMAS / "dialect" / "skeleton.toml").read_text(encoding="utf-8")
Tree = dict[str, Any]
Spoil = Callable[[Tree], object]


def whole() -> Tree:
    """A dialect with every section in use and no mistake."""
    return tomllib.loads(SKELETON)


def ops(tree: Tree) -> Tree:
    return tree["operations"]


def said(tree: Tree, language: Language = Language.EN) -> list[str]:
    """What a check says of a dialect, hints included, as the command prints it."""
    return [fault.text.into(language) for fault in review(Dialect.model_validate(tree))]


def of_the_shapes(tmp_path: Path, tree: Tree) -> list[str]:
    file = tmp_path / "own.toml"
    file.write_text(as_toml(tree), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        dialect_of(file)
    _, *mistakes = caught.value.texts
    return [str(text) for text in mistakes]


def as_toml(tree: Tree) -> str:
    """Every table inline: TOML without a writer of its own."""
    return "\n".join(f"{key} = {_inline(value)}" for key, value in tree.items())


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {_inline(inner)}' for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return orjson.dumps(value).decode()


FAULTS: dict[str, tuple[Spoil, str]] = {
    "an unknown name": (
        lambda t: ops(t)["save_people"]["body"].update(batchId="{parnt}"),
        "operations.save_people.body.batchId: {parnt} is not known here. Is {parent} meant?",
    ),
    "a name in the document's own spelling": (
        lambda t: t["transport"]["headers"].update({"X-App": "{appId}"}),
        "transport.headers.X-App: {appId} would be sent as it stands. Is {app_id} meant?",
    ),
    "what documents call the batch": (
        lambda t: ops(t)["list_people"].update(query={"batchId": "{batchId}"}),
        "operations.list_people.query.batchId: {batchId} would be sent as it stands. Is {parent} meant?",
    ),
    "a name of no likeness": (
        lambda t: ops(t)["list_people"].update(query={"batchId": "{parent}", "x": "{zzzzzz}"}),
        "operations.list_people.query.x: {zzzzzz} is not known here. Known are: aes_key, app_id, app_secret",
    ),
    "a token in the content": (
        lambda t: ops(t)["submit"]["body"].update(token="{token}"),
        "operations.submit.body.token: {token} is new at each try and cannot stand here. Put it into headers, query or",
    ),
    "the time in the content": (
        lambda t: ops(t)["submit"]["body"].update(timestamp="{time}"),
        "operations.submit.body.timestamp: {time} is new at each try",
    ),
    "one person's name for several people": (
        lambda t: ops(t)["save_people"].update(headers={"X-Id": "{person.id_no}"}),
        "operations.save_people.headers.X-Id: {person.id_no} belongs to one record, and this call carries several.",
    ),
    "a word of a call's own in its content": (
        lambda t: ops(t)["save_batch"]["body"].update(x="{service}"),
        "operations.save_batch.body.x: {service} is not known here.",
    ),
    "a word that only some calls have": (
        lambda t: t["transport"]["headers"].update({"X-Service": "{service}"}),
        "transport.headers.X-Service: {service} is not known here.",
    ),
    "the page in a call without pages": (
        lambda t: ops(t)["submit"].update(path="/submit/{page}"),
        "operations.submit.path: {page} is not known here. Known are: ",
    ),
    "a grant before its turn": (
        lambda t: t["grants"].insert(
            0,
            {
                "name": "session",
                "path": "/s",
                "value_at": "v",
                "headers": {"T": "{token}"},
                "body": {"s": "{org_code}"},
            },
        ),
        "grants[1].headers.T: {token} is not granted yet: a grant may use only grants before it.",
    ),
    "a grant nobody uses": (
        lambda t: t["grants"].append({"name": "session", "path": "/s", "value_at": "v"}),
        "grants[2].name: no template names {session}; name it, or leave the grant out.",
    ),
    "a setting nobody uses": (
        lambda t: t["settings"].update(region="区划"),
        "settings.region: no template names {region}; name it, or leave it out.",
    ),
    "a secret nobody uses": (
        lambda t: t["secrets"].update(sm4_key="国密密钥"),
        "secrets.sm4_key: no template names {sm4_key}; name it, or leave it out.",
    ),
    "a setting no template can name": (
        lambda t: t["settings"].update(OrgCode="单位"),
        "settings.OrgCode: may hold lower-case letters, digits and _ only, a letter first.",
    ),
    "a setting with a name of the bridge's": (
        lambda t: t["settings"].update(time="时间"),
        "settings.time: time is a name of the bridge's own; take another.",
    ),
    "people of no batch": (
        lambda t: ops(t)["save_people"].update(body={"x": "1"}),
        "operations.save_people: does not say which batch it is about. Name {parent}",
    ),
    "a change of nothing": (
        lambda t: ops(t)["update_person"].update(body={}),
        "operations.update_person: does not say which entry it changes. Name {online_id} in path, query or body.",
    ),
    "a submission of nothing": (
        lambda t: ops(t)["submit"].update(body={}),
        "operations.submit: does not say which entry it changes. Name {online_id}",
    ),
    "people listed of no batch": (
        lambda t: ops(t)["list_people"].update(query={}),
        "operations.list_people: does not say whose people it lists. Name {parent}",
    ),
    "a cursor nobody uses": (
        lambda t: t["paging"].update(by="cursor", next_at="data.next"),
        'paging.query: by = "cursor" needs {cursor} in paging.query, or operations.list_batches gives its first page',
    ),
    "an offset nobody uses": (lambda t: t["paging"].update(by="offset"), 'paging.query: by = "offset" needs {offset}'),
    "a ticket nobody asks for": (
        lambda t: ops(t).pop("ticket"),
        "operations.save_batch.ticket_at: nobody asks what became of the ticket. Describe [operations.ticket].",
    ),
    "a ticket nobody gives": (
        lambda t: ops(t)["save_batch"].pop("ticket_at"),
        "operations.ticket: no operation gets a ticket. Name ticket_at in the one that does, or leave this out.",
    ),
    "nothing to be read back": (
        lambda t: [ops(t).pop(name) for name in ("list_people", "query_person")],
        "delivery_class: what is online cannot be read back without list_batches (or query_batch) and list_people",
    ),
    "rows without a serial": (
        lambda t: t["fields"]["record"].pop("serial"),
        "fields.record.serial: rows of the answer name their record by our serial, which has no field. Name it,",
    ),
    "refusals without a reason": (
        lambda t: [t["fields"]["record"].pop(name) for name in ("row_code", "row_message")],
        "fields.record.row_code: is missing: without it nobody learns why rows at operations.save_people.refused_at",
    ),
    "rows told apart by an id that has no field": (
        lambda t: (ops(t)["save_people"].update(echo="id_no"), t["fields"]["person"].pop("id_no")),
        "fields.person.id_no: is missing, and operations.save_people.echo tells records apart by it.",
    ),
    "a field of a batch without a name": (
        lambda t: t["fields"]["batch"].pop("organiser"),
        "fields.batch.organiser: is missing: write the portal's name for it.",
    ),
    "a field we do not have": (
        lambda t: t["fields"]["person"].update(telephone="tel"),
        "fields.person.telephone: we have no field telephone.",
    ),
    "a field misspelt": (
        lambda t: t["fields"]["batch"].update(head_count="n"),
        "fields.batch.head_count: we have no field head_count. Is headcount meant?",
    ),
    "two fields under one name": (
        lambda t: t["fields"]["person"].update(unit="fullName"),
        "fields.person.unit: is the same field of the portal as fields.person.name.",
    ),
    "a constant over a field": (
        lambda t: t["fields"]["constants"]["person"].update(fullName="x"),
        "fields.constants.person.fullName: would overwrite fields.person.name.",
    ),
    "a number we do not have": (
        lambda t: t["fields"].update(numbers=["leader"]),
        "fields.numbers: we have no field leader. Is leaders meant?",
    ),
    "sealing of a field we do not have": (
        lambda t: t["sealing"].update(fields=["idno"]),
        "sealing.fields: we have no field idno. Is id_no meant?",
    ),
    "a word of ours misspelt": (
        lambda t: t["words"]["level"].update(cities="9"),
        "words.level.cities: we have no such word. Is city meant?",
    ),
    "a word without its portal's": (
        lambda t: t["words"]["category"].pop("hardship"),
        "words.category.hardship: is missing: write the portal's word or code for it.",
    ),
    "no word for reviewed": (
        lambda t: t["words"]["status"].pop("reviewed"),
        "words.status.reviewed: is missing: a reviewed batch would not be seen to be locked.",
    ),
    "a line that never decides": (
        lambda t: t["answer"]["rules"].append({"reaction": "refused", "code": "401", "status": 400}),
        "answer.rules[4]: never decides: line 3 matches all that it matches. Leave it out, or put it first.",
    ),
    "no success": (
        lambda t: t["answer"]["rules"].pop(0),
        'answer.rules: no line says what a success is: add one with reaction = "success".',
    ),
    "a message that lies nowhere": (
        lambda t: t["answer"].pop("message_at"),
        "answer.rules[1].message: never matches: answer.message_at does not say where the message lies.",
    ),
    "a code that lies nowhere": (
        lambda t: t["answer"].pop("code_at"),
        "answer.rules[1].code: never matches: without answer.code_at the code is the HTTP status.",
    ),
    "a signature in the body of a GET": (
        lambda t: t["signature"].update(place="body"),
        'operations.list_batches.method: the signature travels in the body, and this call has none. Write method = "POST".',
    ),
    "a signature in a body without envelope": (
        lambda t: (t["signature"].update(place="body"), t["travel"].update(envelope={})),
        "signature.place: a signature in the body stands beside the content, in [travel] envelope.",
    ),
    "a signature that is not there": (
        lambda t: t["signature"].update(template="v1"),
        "signature.template: does not name {signature}.",
    ),
    "sorted parameters nobody signs": (
        lambda t: t["signature"].update(canonical="{time}"),
        "signature.canonical: does not name {sorted}, which [signature.sorted] describes.",
    ),
    "a field of the body that is not always there": (
        lambda t: t["signature"].update(canonical="{sorted}{body.data}"),
        "signature.canonical: {body.data} is not known here.",
    ),
    "an address without encryption": (
        lambda t: t["transport"].update(base_url="http://portal.example.cn"),
        "transport.base_url: must begin with https:// (http is allowed to this machine itself only).",
    ),
    "an address to be filled in": (
        lambda t: t["transport"].update(base_url="https://FILL-IN"),
        "transport.base_url: fill it in from the interface document.",
    ),
    "closed all day": (
        lambda t: t["limits"].update(closing_hours=["00:00-13:00", "12:30-00:00"]),
        "limits.closing_hours: cover the whole day: nothing could ever be sent.",
    ),
    "K2 without a key": (
        lambda t: t.update(delivery_class="K2", key_life_s=86_400),
        'operations.save_people.headers: K2 needs the key of each request in a header, such as "Idempotency-Key" =',
    ),
    "K1 without a serial": (
        lambda t: (t.update(delivery_class="K1"), t["fields"]["record"].pop("serial")),
        "delivery_class: K1 means the portal knows our serial, and no field carries it. Name fields.record.serial.",
    ),
    "sealing of nothing": (
        lambda t: t["sealing"].update(fields=[]),
        "sealing: seals nothing. Name content, fields, answer_at or rows.",
    ),
    "a dictionary we do not have": (
        lambda t: ops(t)["dictionaries"]["names"].update(levels="x"),
        "operations.dictionaries.names.levels: there is no such dictionary. Is level meant?",
    ),
    "a state that is done and failed": (
        lambda t: ops(t)["ticket"].update(failed=["2"]),
        "operations.ticket.failed: 2 stands in done as well.",
    ),
    "a write by GET": (
        lambda t: ops(t)["save_people"].update(method="GET"),
        "operations.save_people.method: a GET carries no records; write POST, PUT or PATCH.",
    ),
}

HINTS: dict[str, tuple[Spoil, str]] = {
    "no line for too many calls": (
        lambda t: t["answer"]["rules"].pop(1),
        'answer.rules: no line says "too many calls"',
    ),
    "no line for a token refused": (lambda t: t["answer"]["rules"].pop(2), 'answer.rules: no line says "token or'),
    "a key that does not outlive the waiting": (
        lambda t: t.update(delivery_class="K2", key_life_s=t["settle_window_s"]),
        "key_life_s: no longer than settle_window_s: no request is ever made again under its key, as with K3.",
    ),
    "a secret in clear": (
        lambda t: t["transport"]["headers"].update({"X-Key": "9f86d081884c7d659a2feaa0c55ad015"}),
        "transport.headers.X-Key: looks like a secret in clear. Declare it in [secrets] and name it here in braces.",
    ),
    "a secret in clear in what is signed": (
        lambda t: t["signature"].update(canonical="{sorted}&key=9f86d081884c7d659a2feaa0c55ad015"),
        "signature.canonical: looks like a secret in clear.",
    ),
    "a page beyond measure": (lambda t: t["limits"].update(page_size=100000), "limits.page_size: 100000 rows a page"),
    "a call beyond measure": (lambda t: t["limits"].update(rows_per_call=50000), "limits.rows_per_call: 50000 rows"),
    "our words as they are": (
        lambda t: t["words"].pop("level"),
        "words.level: is not written: the portal gets our own",
    ),
    "no word for a passport": (lambda t: t["words"]["id_type"].pop("passport"), "words.id_type.passport: has no word"),
    "no size of a page": (lambda t: t["paging"].update(query={"p": "{page}"}), "limits.page_size: operations.list_ba"),
}

SHAPES: dict[str, tuple[Spoil, str]] = {
    "an option nobody knows": (
        lambda t: ops(t)["save_people"].update(row_at="list"),
        "operations.save_people.row_at: there is no such option. Is operations.save_people.rows_at meant?",
    ),
    "an option of another section": (
        lambda t: t["limits"].update(envelope={}),
        "limits.envelope: there is no such option. Is travel.envelope meant?",
    ),
    "an option like no other": (
        lambda t: t["limits"].update(qqqqqq=1),
        "limits.qqqqqq: there is no such option. lxy-bridge dialect new lists them all.",
    ),
    "a section left out": (lambda t: t.pop("paging"), "paging: is missing."),
    "a code as a number": (
        lambda t: t["answer"]["rules"][0].update(code=0),
        "answer.rules[1].code: write it as text in quotation marks.",
    ),
    "a header as a number": (
        lambda t: t["transport"]["headers"].update({"X-Version": 2}),
        "transport.headers.X-Version: write it as text in quotation marks.",
    ),
    "an algorithm nobody knows": (
        lambda t: t["signature"].update(algorithm="hmac-sha1"),
        'signature.algorithm: must be one of "md5", "sha1", "sha256", "sm3", "hmac-sha256", "hmac-sm3", "sm2".',
    ),
    "a state nobody knows": (
        lambda t: t["words"]["status"].update(approved="1x"),
        'words.status.approved: must be one of "draft", "submitted", "reviewed", "returned".',
    ),
    "a digest with a key": (
        lambda t: t["signature"].update(algorithm="md5"),
        "signature: md5 takes no key; put it into canonical.",
    ),
    "an hmac without a key": (lambda t: t["signature"].pop("key"), "signature: hmac-sha256 needs key."),
    "closing hours in words": (
        lambda t: t["limits"].update(closing_hours=["evening"]),
        'limits.closing_hours[1]: write closing hours like "00:00-06:00".',
    ),
    "a place that is no expression": (
        lambda t: ops(t)["save_batch"].update(online_id_at="data.["),
        "operations.save_batch.online_id_at: is no JMESPath expression",
    ),
    "a pattern that is none": (
        lambda t: t["answer"]["rules"][0].update(message="("),
        "answer.rules[1].message: is no regular expression",
    ),
    "a zone that is none": (lambda t: t["stamp"].update(zone="Peking"), "stamp.zone: is no time zone"),
    "a list without verdicts": (
        lambda t: ops(t)["save_people"].pop("accepted_at"),
        "operations.save_people: a list of records needs accepted_at or verdicts_at, or else whole = true.",
    ),
    "one word for two of ours": (
        lambda t: t["words"]["level"].update(city="21"),
        "words.level: one word of the portal stands for two of ours.",
    ),
    "a constant that is a list": (
        lambda t: t["fields"]["constants"]["person"].update(userType=[1]),
        "fields.constants.person.userType: write it as text in quotation marks.",
    ),
    "a cursor without its place": (lambda t: t["paging"].update(by="cursor"), 'paging: by = "cursor" needs next_at'),
    "a grant of no value": (lambda t: t["grants"][0].pop("value_at"), "grants[1]: needs value_at"),
    "a key of the wrong size": (lambda t: t["sealing"].update(cipher="sm4-cbc", key_bytes=32), "sealing: SM4 has keys"),
}


@pytest.mark.parametrize(("spoil", "says"), FAULTS.values(), ids=FAULTS)
def test_each_mistake_is_named_by_its_place_and_with_the_fix(spoil: Spoil, says: str):
    tree = whole()
    spoil(tree)
    mistakes = [fault for fault in review(Dialect.model_validate(tree)) if not fault.hint]
    assert [str(fault.text) for fault in mistakes if str(fault.text).startswith(says)], list(map(str, said(tree)))
    assert all(str(fault.text).startswith(f"{fault.path}: ") for fault in mistakes)


@pytest.mark.parametrize(("spoil", "says"), HINTS.values(), ids=HINTS)
def test_what_is_only_odd_is_a_hint_and_stops_nothing(spoil: Spoil, says: str):
    tree = whole()
    spoil(tree)
    found = review(Dialect.model_validate(tree))
    assert [fault for fault in found if fault.hint and str(fault.text).startswith(says)], list(map(str, said(tree)))


@pytest.mark.parametrize(("spoil", "says"), SHAPES.values(), ids=SHAPES)
def test_a_wrong_shape_is_told_like_a_wrong_setting(tmp_path: Path, spoil: Spoil, says: str):
    tree = whole()
    spoil(tree)
    told = of_the_shapes(tmp_path, tree)
    assert [line for line in told if line.startswith(says)], told
    assert len(told) == len(set(told))


def test_several_mistakes_are_told_at_once():
    tree = whole()
    FAULTS["a setting nobody uses"][0](tree)
    FAULTS["closed all day"][0](tree)
    FAULTS["a word without its portal's"][0](tree)
    assert len(said(tree)) == 3


@pytest.mark.parametrize("spoil", [spoil for spoil, _ in (*FAULTS.values(), *HINTS.values())], ids=[*FAULTS, *HINTS])
def test_every_fault_is_told_in_chinese_too_and_begins_with_the_same_path(spoil: Spoil):
    tree = whole()
    spoil(tree)
    for fault in review(Dialect.model_validate(tree)):
        assert fault.text.into(Language.ZH_CN).startswith(f"{fault.path}：")


def test_a_secret_in_clear_is_not_repeated():
    tree = whole()
    tree["transport"]["headers"]["X-Key"] = "9f86d081884c7d659a2feaa0c55ad015"
    assert "9f86" not in "".join(said(tree))


def test_no_wrong_value_is_repeated(tmp_path: Path):
    tree = whole()
    tree["signature"].update(algorithm="CANARY", key=["CANARY"], canonical=5)
    tree["answer"]["rules"][0]["message"] = "CANARY("
    tree["words"]["level"]["city"] = {"CANARY": 1}
    assert "CANARY" not in "".join(of_the_shapes(tmp_path, tree))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_dialect_passes(name: str):
    assert sound(name).name


def test_the_skeleton_has_no_mistake_and_earns_no_hint():
    assert said(whole()) == []


SHARING = {"update_batch", "save_people", "update_person", "submit", "list_people", "query_batch", "query_person"}
"""Operations of which the skeleton says that their options are those of another."""


def test_the_skeleton_names_every_option():
    have = set(key_paths(tomllib.loads(re.sub(r"^#(?=\w+ = )", "", SKELETON, flags=re.MULTILINE))))
    assert {path for path in options(Dialect) if not shared(path)} <= have


def shared(path: str) -> bool:
    return len(path.split(".")) == 3 and path.split(".")[1] in SHARING


def key_paths(table: object, path: str = "") -> Iterator[str]:
    for part in table if isinstance(table, list) else [table]:
        if isinstance(part, dict):
            for key, value in part.items():
                yield f"{path}{key}"
                yield from key_paths(value, f"{path}{key}.")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_new_dialect_is_the_old_one_but_for_name_and_address(name: str):
    old = tomllib.loads(shipped_text("dialects", name))
    new = tomllib.loads(new_dialect(shipped_text("dialects", name), name="weihai"))
    assert new.pop("name") == "weihai"
    assert new["transport"].pop("base_url") == "https://FILL-IN"
    old.setdefault("transport", {}).pop("base_url", None)
    assert {**new, "name": name, "version": old["version"]} == {**old, "name": name}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_new_dialect_keeps_every_comment_and_offers_what_it_does_not_use(name: str):
    old = shipped_text("dialects", name)
    new = new_dialect(old, name="weihai")
    assert {line for line in old.splitlines() if line.startswith("#")} <= set(new.splitlines())
    for section in ("settings", "signature", "sealing", "operations.query_person"):
        assert f"[{section}]" in new


def test_a_new_dialect_asks_to_be_filled_in(tmp_path: Path):
    file = tmp_path / "weihai.toml"
    file.write_text(new_dialect(shipped_text("dialects", "qilu"), name="weihai"), encoding="utf-8")
    _, faults = dialect_of(file)
    assert [str(fault.text) for fault in faults] == ["transport.base_url: fill it in from the interface document."]


def test_every_section_a_new_dialect_offers_can_be_switched_on():
    new = new_dialect(shipped_text("dialects", "qilu"), name="weihai")
    _, _, offered = new.partition("未启用。Sections")
    blocks = [block for block in offered.split("\n\n") if "\n#[" in f"\n{block}"]
    assert len(blocks) > 10
    table = tomllib.loads(new)
    for block in blocks:
        lines = [line.removeprefix("#") for line in block.splitlines() if not line.startswith("# ")]
        on = tomllib.loads("\n".join(lines))
        assert isinstance(on, dict)
        assert on
    assert table["name"] == "weihai"


def test_a_dialect_that_only_lists_may_leave_out_what_is_counted_and_name_a_role():
    tree = whole()
    for written in ("save_batch", "update_batch", "save_people", "update_person", "submit", "ticket"):
        ops(tree).pop(written, None)
    for counted in ("headcount", "leaders"):
        tree["fields"]["batch"].pop(counted)
    tree["fields"]["person"]["role"] = "duty"
    assert not [text for text in said(tree) if "fields." in text]
    with_writes = whole()
    with_writes["fields"]["person"]["role"] = "duty"
    assert any(text.startswith("fields.person.role: we have no field role.") for text in said(with_writes))
