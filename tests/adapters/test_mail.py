"""The mailer against a real SMTP server with real TLS."""

import socket
import threading
from email import message_from_bytes
from email.policy import default

import pytest

from adapters.mail import Security, SmtpMailer
from adapters.practice.mailbox import Mailbox
from adapters.render import ReportRenderer
from schemas.errors import RunError, TransientError
from schemas.texts import Language
from tests.adapters.reports import rich_report

SENDER = "bridge@example.invalid"
STAFF = ["a@example.invalid", "b@example.invalid"]
LETTER = b"Subject: test\r\nMessage-ID: <1@bridge.invalid>\r\n\r\nhello\r\n.\r\nstill the body\r\n"


@pytest.fixture
def mailbox(tmp_path):
    with Mailbox(tmp_path / "mail") as box:
        yield box


def mailer(box, *, security=Security.STARTTLS, **more):
    return SmtpMailer(box.host, box.port, security, ca_file=box.ca_file, timeout_s=5, **more)


def send(one, message=LETTER):
    return one.send(message, sender=SENDER, recipients=STAFF)


def test_a_letter_arrives_byte_for_byte_and_nobody_is_refused(mailbox):
    assert send(mailer(mailbox)) == {}
    assert [path.name for path in mailbox.messages()] == ["0001.eml"]
    assert mailbox.messages()[0].read_bytes() == LETTER


def test_a_whole_report_arrives_with_its_workbook(mailbox):
    letter = ReportRenderer(Language.ZH_CN).message(
        rich_report(), message_id="<r1@bridge.invalid>", sender=SENDER, recipients=STAFF
    )
    send(mailer(mailbox), letter)
    arrived = message_from_bytes(mailbox.messages()[0].read_bytes(), policy=default)
    assert arrived["Message-ID"] == "<r1@bridge.invalid>"
    assert [part.get_filename() for part in arrived.iter_attachments()] == ["疗休养对账_2025-05-20.xlsx"]


def test_tls_from_the_first_byte_works_too(tmp_path):
    with Mailbox(tmp_path, implicit_tls=True) as box:
        assert send(mailer(box, security=Security.SMTPS)) == {}
        assert len(box.messages()) == 1


def test_a_refused_recipient_is_returned_with_the_servers_words_and_the_others_get_the_letter(mailbox):
    mailbox.refuse = {STAFF[1]}
    assert send(mailer(mailbox)) == {STAFF[1]: "550 5.1.1 no such user here"}
    assert len(mailbox.messages()) == 1


def test_a_letter_all_recipients_of_which_are_refused_is_no_error(mailbox):
    mailbox.refuse = set(STAFF)
    assert set(send(mailer(mailbox))) == set(STAFF)
    assert mailbox.messages() == []


def test_a_greylisted_letter_may_be_tried_again_and_then_arrives(mailbox):
    mailbox.greylist = len(STAFF)
    with pytest.raises(TransientError, match="451"):
        send(mailer(mailbox))
    assert send(mailer(mailbox)) == {}


def test_a_connection_cut_after_the_letter_was_taken_may_be_tried_again(mailbox):
    mailbox.drop = 1
    with pytest.raises(TransientError):
        send(mailer(mailbox))
    send(mailer(mailbox))
    ids = {message_from_bytes(path.read_bytes())["Message-ID"] for path in mailbox.messages()}
    assert (len(mailbox.messages()), ids) == (2, {"<1@bridge.invalid>"})


def test_a_wrong_password_stops_the_run_and_says_what_to_check(tmp_path):
    with Mailbox(tmp_path, user="bridge", password="right") as box:
        with pytest.raises(RunError, match="password") as caught:
            send(mailer(box, user="bridge", password="wrong"))
        assert "wrong" not in str(caught.value)
        assert send(mailer(box, user="bridge", password="right")) == {}


def test_a_missing_login_stops_the_run(tmp_path):
    with Mailbox(tmp_path, user="bridge", password="right") as box, pytest.raises(RunError, match="login"):
        send(mailer(box))


def test_a_certificate_nobody_vouches_for_is_refused(mailbox):
    stranger = SmtpMailer(mailbox.host, mailbox.port, Security.STARTTLS, timeout_s=5)
    with pytest.raises(RunError, match="certificate"):
        send(stranger)
    assert mailbox.messages() == []


def test_a_certificate_file_that_is_missing_is_named(mailbox, tmp_path):
    missing = SmtpMailer(mailbox.host, mailbox.port, Security.STARTTLS, ca_file=tmp_path / "none.pem")
    with pytest.raises(RunError, match=r"none\.pem"):
        send(missing)


def test_a_server_without_starttls_gets_neither_letter_nor_password():
    with Answering([b"220 old\r\n", b"250 old\r\n"]) as (port, heard):
        with pytest.raises(RunError, match="security"):
            send(SmtpMailer("127.0.0.1", port, Security.STARTTLS, "bridge", "secret", timeout_s=5))
        assert b"secret" not in b"".join(heard)
        assert not any(line.upper().startswith((b"AUTH", b"MAIL")) for line in heard)


def test_a_server_without_starttls_gets_no_letter_where_no_login_is_asked_for_either():
    with Answering([b"220 old\r\n", b"250 old\r\n", b"250 go on\r\n"]) as (port, heard):
        with pytest.raises(RunError, match="security"):
            send(SmtpMailer("127.0.0.1", port, Security.STARTTLS, timeout_s=5))
        assert not any(line.upper().startswith(b"MAIL") for line in heard)


def test_a_server_that_closes_its_door_for_now_is_tried_later():
    with Answering([b"421 busy\r\n"]) as (port, _), pytest.raises(TransientError, match="421"):
        send(SmtpMailer("127.0.0.1", port, Security.STARTTLS, timeout_s=5))


def test_a_server_that_turns_the_bridge_away_stops_the_run():
    with Answering([b"554 no service for you\r\n"]) as (port, _), pytest.raises(RunError, match="554"):
        send(SmtpMailer("127.0.0.1", port, Security.STARTTLS, timeout_s=5))


def test_plain_speech_where_tls_was_expected_stops_the_run(mailbox):
    with pytest.raises(RunError, match="security"):
        send(mailer(mailbox, security=Security.SMTPS))


def test_a_silent_server_is_given_up_after_the_time_out():
    with Answering([]) as (port, _), pytest.raises(TransientError):
        send(SmtpMailer("127.0.0.1", port, Security.STARTTLS, timeout_s=0.2))


def test_no_server_at_all_is_tried_later():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TransientError):
            send(SmtpMailer("127.0.0.1", taken.getsockname()[1], Security.STARTTLS, timeout_s=5))


def test_a_password_smtp_cannot_carry_stops_the_run_without_showing_it(tmp_path):
    with Mailbox(tmp_path, user="bridge", password="right") as box:
        with pytest.raises(RunError, match="character") as caught:
            send(mailer(box, user="bridge", password="密码"))
        assert "密码" not in str(caught.value)


def test_greeting_proves_the_way_without_sending_anything(mailbox):
    mailer(mailbox).greet()
    assert mailbox.messages() == []


def test_a_mailbox_opened_again_goes_on_counting(tmp_path):
    for _ in range(2):
        with Mailbox(tmp_path) as box:
            send(mailer(box))
    assert [path.name for path in box.messages()] == ["0001.eml", "0002.eml"]


class Answering:
    """A one-connection server that says the given lines in turn and remembers what it heard."""

    def __init__(self, lines):
        self._lines = lines
        self._heard = []

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()
        return self._listener.getsockname()[1], self._heard

    def _talk(self):
        guest, _ = self._listener.accept()
        with guest:
            for number, line in enumerate(self._lines):
                if number:
                    self._heard.append(guest.recv(1000))
                guest.sendall(line)
            self._done.wait(5)

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()
        self._listener.close()
