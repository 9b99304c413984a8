"""What is configured, read once from the environment. Knows no default that depends on a running service."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class BadSettings(ValueError):
    """A setting cannot be used; the text says which and why (Vietnamese)."""


@dataclass(frozen=True, slots=True)
class Settings:
    data_dir: Path
    database_url: str
    redis_url: str | None
    port: int
    public_url: str
    secret_key: str
    twilio_sid: str | None = None
    twilio_tokens: tuple[str, ...] = ()
    twilio_from: str | None = None
    twilio_service: str | None = None
    twilio_voice_from: str | None = None
    twilio_base: str | None = None
    twilio_parts_per_second: float | None = None
    sms_gateways: Path | None = None
    smtp_url: str | None = None
    mail_from: str = "truc@sonlam.example"
    playbooks_dir: Path | None = None
    heartbeat_url: str | None = None
    log_format: str = "text"
    tz_display: str = "Asia/Ho_Chi_Minh"
    workers: int = 1
    simulator_url: str | None = None
    embedded: bool = False
    two_way: bool = True
    proxies: int = 0
    metrics_token: str | None = None
    email_secret: str | None = None

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Settings from `env` (default: the process's). Raises BadSettings with the name of the setting at fault."""
        env = os.environ if env is None else env
        data_dir = Path(env.get("DATA_DIR") or "var").absolute()
        port = _number(env, "PORT", 8000)
        tokens = tuple(t for t in (env.get("TWILIO_AUTH_TOKEN"), env.get("TWILIO_AUTH_TOKEN_2")) if t)
        gateways = env.get("SMS_GATEWAYS")
        playbooks = env.get("PLAYBOOKS_DIR")
        return cls(
            data_dir=data_dir,
            database_url=env.get("DATABASE_URL") or f"sqlite:///{data_dir / 'incident.db'}",
            redis_url=env.get("REDIS_URL") or None,
            port=port,
            public_url=(env.get("PUBLIC_URL") or f"http://localhost:{port}").rstrip("/"),
            secret_key=env.get("SECRET_KEY") or _kept_secret(data_dir),
            twilio_sid=env.get("TWILIO_ACCOUNT_SID") or None,
            twilio_tokens=tokens,
            twilio_from=env.get("TWILIO_FROM") or None,
            twilio_service=env.get("TWILIO_MESSAGING_SERVICE_SID") or None,
            twilio_voice_from=_caller(env),
            twilio_base=env.get("TWILIO_API_BASE") or None,
            twilio_parts_per_second=_rate(env, "TWILIO_PARTS_PER_SECOND"),
            sms_gateways=Path(gateways) if gateways else None,
            smtp_url=env.get("SMTP_URL") or None,
            mail_from=env.get("MAIL_FROM") or "truc@sonlam.example",
            playbooks_dir=Path(playbooks) if playbooks else None,
            heartbeat_url=env.get("HEARTBEAT_URL") or None,
            log_format=_choice(env, "LOG_FORMAT", "text", ("text", "json")),
            tz_display=env.get("TZ_DISPLAY") or "Asia/Ho_Chi_Minh",
            workers=_number(env, "WORKERS", min(4, os.cpu_count() or 1)),
            simulator_url=env.get("SIMULATOR_URL") or None,
            embedded=env.get("INCIDENT_EMBEDDED") == "1",
            two_way=_two_way(env),
            proxies=_number(env, "TRUSTED_PROXIES", 0),
            metrics_token=env.get("METRICS_TOKEN") or None,
            email_secret=env.get("EMAIL_INBOUND_SECRET") or None,
        )


def _two_way(env: Mapping[str, str]) -> bool:
    """Whether an SMS can be answered. A brand name is one-way; SMS_TWO_WAY says otherwise where that is wrong."""
    said = env.get("SMS_TWO_WAY")
    if said:
        return _choice(env, "SMS_TWO_WAY", "1", ("0", "1")) == "1"
    sender = env.get("TWILIO_FROM") or ""
    return not sender or sender.lstrip("+").isdigit()


def _caller(env: Mapping[str, str]) -> str | None:
    """The number that calls: E.164, since a brand name cannot call."""
    number = env.get("TWILIO_VOICE_FROM")
    if number and not re.fullmatch(r"\+[1-9]\d{6,14}", number):
        raise BadSettings(
            f"TWILIO_VOICE_FROM={number!r}: cần số gọi được dạng +84…, không dùng tên thương hiệu"
        )
    return number or None


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdigit() or int(text) > 65535:
        raise BadSettings(f"{name}={text!r}: cần một số nguyên không âm, không quá 65535")
    return int(text)


def _rate(env: Mapping[str, str], name: str) -> float | None:
    """SMS parts per second; None where nothing limits them."""
    text = env.get(name)
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 10_000:
        raise BadSettings(f"{name}={text!r}: cần một số lớn hơn 0, không quá 10000 (ví dụ 0.5 hoặc 10)")
    return rate


def _choice(env: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    text = env.get(name) or default
    if text not in choices:
        raise BadSettings(f"{name}={text!r}: chỉ nhận {', '.join(choices)}")
    return text


def _kept_secret(data_dir: Path) -> str:
    """A secret made once and kept in the data directory, so that sessions and links survive a restart."""
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(descriptor, "w") as file:
            file.write(os.urandom(32).hex())
    return path.read_text().strip()
