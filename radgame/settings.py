"""Settings, from environment variables only; every default works on a new machine.

The table of all variables is in docs/deployment.md.
"""

from __future__ import annotations

from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from radgame.environment import (
    celery_url,
    choice,
    flag,
    kept_secret,
    make_folder,
    number,
    text,
    words,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(text("DATA_DIR", str(BASE_DIR / "data"))).expanduser().absolute()

make_folder(DATA_DIR, "DATA_DIR")

ENVIRONMENT = choice("ENVIRONMENT", "local", "production")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = flag("DEBUG", False)

SECRET_KEY = text("SECRET_KEY", "")
ALLOWED_HOSTS = words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off in production: unset DEBUG.")
if PRODUCTION and len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "Production needs its own SECRET_KEY of at least 32 characters in the environment; "
        "the key kept in the data folder is for local use only."
    )
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Production needs ALLOWED_HOSTS, a comma-separated list of names.")
SECRET_KEY = SECRET_KEY or kept_secret(DATA_DIR / "secret_key")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "radgame",
    "accounts",
    "cases",
    "feedback",
    "localize",
    "report",
    "learning",
    "classroom",
    "axes",
    "channels",
    "csp",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "radgame.urls"
ASGI_APPLICATION = "radgame.asgi.application"
WSGI_APPLICATION = None

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "radgame.context.site",
            ],
        },
    },
]

DATABASES = {
    # Under ASGI a request has a thread of its own: a kept connection would never be used again.
    "default": dj_database_url.parse(
        text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'radgame.sqlite3'}"), conn_max_age=0
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:login"
SIGNUP_OPEN = flag("SIGNUP_OPEN", False)
AXES_FAILURE_LIMIT = number("LOGIN_FAILURE_LIMIT", 10)
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# Redis, Celery, Channels
REDIS_URL = text("REDIS_URL", "redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}
CELERY_BROKER_URL = celery_url(text("CELERY_BROKER_URL", REDIS_URL))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 3600} if "redis" in CELERY_BROKER_URL else {}
)
# A request never waits long for a broker that is away: the sweep queues again what it lost.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
# What waits for models never stands before the scoring; `manage.py play` starts a worker for it.
CELERY_TASK_ROUTES = {
    "feedback.tasks.second_opinion": {"queue": "models"},
    "feedback.tasks.write_explanation": {"queue": "models"},
    "feedback.tasks.explain_case": {"queue": "models"},
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "queue again what stayed submitted": {
        "task": "feedback.tasks.sweep_submitted",
        "schedule": number("SWEEP_SECONDS", 10),
        "options": {"expires": 30},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
SWEEP_AFTER_SECONDS = number("SWEEP_AFTER_SECONDS", 20)
SCORING_MAX_TRIES = 5

# Files
STATIC_URL = "/static/"
STATIC_ROOT = Path(text("STATIC_ROOT", str(DATA_DIR / "static")))
make_folder(STATIC_ROOT, "STATIC_ROOT")
STATICFILES_DIRS = [("dist", BASE_DIR / "static" / "dist")]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = Path(text("MEDIA_ROOT", str(DATA_DIR / "media")))
MEDIA_STORAGE = choice("MEDIA_STORAGE", "file", "s3")
if MEDIA_STORAGE == "s3" and not text("S3_BUCKET", ""):
    raise ImproperlyConfigured("MEDIA_STORAGE is 's3': name the bucket in S3_BUCKET.")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if MEDIA_STORAGE == "file"
    else {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": text("S3_BUCKET", ""),
            "endpoint_url": text("S3_ENDPOINT_URL", "") or None,
            "region_name": text("S3_REGION", "") or None,
            "default_acl": None,
            "querystring_auth": True,
        },
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

# Models; none is needed (docs/models.md)
MODELS_DIR = Path(text("MODELS_DIR", str(DATA_DIR / "models")))
MODEL_MIRROR = text("MODEL_MIRROR", "")
MODEL_DEVICE = text("MODEL_DEVICE", "auto")
LLM_URL = text("LLM_URL", "")
LLM_MODEL = text("LLM_MODEL", "")
LLM_API_KEY = text("LLM_API_KEY", "")
LLM_TIMEOUT_SECONDS = number("LLM_TIMEOUT_SECONDS", 120)
LLM_CONCURRENCY = number("LLM_CONCURRENCY", 4)
VLM_URL = text("VLM_URL", LLM_URL)
VLM_MODEL = text("VLM_MODEL", "")
REPORT_ENGINE_BESIDE = choice("REPORT_ENGINE_BESIDE", "none", "llm")

# Time and language
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = text("LANGUAGE_CODE", "en-us")

# Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
HTTPS = flag("HTTPS", PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if flag("BEHIND_PROXY", False) else None
)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL", "WARNING")},
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SILENCED_SYSTEM_CHECKS = ["urls.W002"]
