"""Settings, from environment variables only; every default works on a new machine.

The table of all variables is in docs/deployment.md.
"""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from radgame.environment import (
    celery_url,
    choice,
    database,
    flag,
    kept_secret,
    make_folder,
    need_package,
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
if PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10):
    raise ImproperlyConfigured(
        "Production needs its own SECRET_KEY in the environment, 50 characters or more by chance; "
        "the key kept in the data folder is for local use only. One is made by: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    )
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Production needs ALLOWED_HOSTS, a comma-separated list of names.")
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS=* lets pages of any origin in: production needs the names it is called by."
    )
SECRET_KEY = SECRET_KEY or kept_secret(DATA_DIR / "secret_key")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "radgame",
    "accounts",
    "cases",
    "attempts",
    "feedback",
    "localize",
    "report",
    "learning",
    "classroom",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
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
    "radgame.middleware.no_store",
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
    "radgame.middleware.NamePage",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.second_step.Required",
    "radgame.rates.Rates",
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

# Requests inside Django at a time, of one web process (`radgame.door`)
WEB_THREADS = number("WEB_THREADS", 16, least=1)
# Connections to PostgreSQL that a web process keeps for them, its sockets and what it does beside
DATABASE_POOL = number("DATABASE_POOL", WEB_THREADS + 4)
DATABASES = {
    # PostgreSQL's connections are kept by a pool (`radgame.lifespan`).
    "default": database(f"sqlite:///{DATA_DIR / 'radgame.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["ENGINE"] = "radgame.sqlite"
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    need_package("psycopg", "PostgreSQL (DATABASE_URL)")
    need_package("psycopg_pool", "PostgreSQL (DATABASE_URL)")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.Accounts",
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
SESSION_ENGINE = "accounts.sessions"
SESSION_DAYS = number("SESSION_DAYS", 14, least=1)
SESSION_COOKIE_AGE = SESSION_DAYS * 86_400
SIGNUP_OPEN = flag("SIGNUP_OPEN", False)
AXES_FAILURE_LIMIT = number("LOGIN_FAILURE_LIMIT", 10, least=1)
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "accounts.locks.answer"
AXES_RESET_ON_SUCCESS = True
# Tries under a lock neither make it longer nor leave a row each.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# Codes of an authenticator app (`accounts.second_step`)
STAFF_SECOND_STEP = choice("STAFF_SECOND_STEP", "offered", "required")
MFA_TOTP_ISSUER = "RadGame"
MFA_TOTP_TOLERANCE = 1
# A school's identity provider by OpenID Connect (`accounts.oidc`); on when the first three are set
OIDC_ISSUER = text("OIDC_ISSUER", "").rstrip("/")
OIDC_CLIENT_ID = text("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = text("OIDC_CLIENT_SECRET", "")
OIDC_ENABLED = bool(OIDC_ISSUER and OIDC_CLIENT_ID and OIDC_CLIENT_SECRET)
OIDC_NAME = text("OIDC_NAME", "your school")
OIDC_SCOPES = words("OIDC_SCOPES", "openid,profile,email")
OIDC_EMAIL_CLAIM = text("OIDC_EMAIL_CLAIM", "email")
OIDC_EMAIL_IS_VERIFIED = flag("OIDC_EMAIL_IS_VERIFIED", False)
OIDC_USERNAME_CLAIM = text("OIDC_USERNAME_CLAIM", "preferred_username")
OIDC_ROLE_CLAIM = text("OIDC_ROLE_CLAIM", "")
OIDC_INSTRUCTORS = words("OIDC_INSTRUCTORS", "")
OIDC_CURATORS = words("OIDC_CURATORS", "")
OIDC_DOMAINS = [domain.lower() for domain in words("OIDC_DOMAINS", "")]
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
if OIDC_ENABLED:
    need_package("jwt", "OIDC_ISSUER")
    need_package("requests", "OIDC_ISSUER")
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                # No name of our own: an identity of another issuer is never taken for one of this.
                "provider_id": OIDC_ISSUER,
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER, "scope": OIDC_SCOPES},
            }
        ],
    }
}

# Mail, for letters about passwords and addresses; without EMAIL_HOST no page offers to send any
EMAIL_HOST = text("EMAIL_HOST", "")
EMAIL_PORT = number("EMAIL_PORT", 587, least=1)
EMAIL_HOST_USER = text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = text("EMAIL_HOST_PASSWORD", "")
EMAIL_ENCRYPTION = choice("EMAIL_ENCRYPTION", "starttls", "tls", "none")
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_ENCRYPTION == "starttls", EMAIL_ENCRYPTION == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = text("EMAIL_FROM", "radgame@localhost")

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
    "learning.tasks.make_films": {"queue": "films"},
    "learning.tasks.make_ct": {"queue": "films"},
}
CELERY_TIMEZONE = "UTC"
# Periodic work (`radgame.periodic`)
SWEEP_SECONDS = number("SWEEP_SECONDS", 10, least=1)
SWEEP_AFTER_SECONDS = number("SWEEP_AFTER_SECONDS", 20, least=1)
SCORING_MAX_TRIES = 5

# How many days things are kept (docs/privacy.md); 0: for ever
KEEP_DRAFTS_DAYS = number("KEEP_DRAFTS_DAYS", 365)
KEEP_LOGS_DAYS = number("KEEP_LOGS_DAYS", 365)
KEEP_ACCOUNTS_DAYS = number("KEEP_ACCOUNTS_DAYS", 0)

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
if MEDIA_STORAGE == "s3":
    need_package("storages", "MEDIA_STORAGE=s3")
# Who sends films and thumbnails once they may be seen (`cases.served`, docs/deployment.md)
HAND_FILES_TO = choice("HAND_FILES_TO", "none", "accel", "sendfile")
if HAND_FILES_TO != "none" and MEDIA_STORAGE != "file":
    raise ImproperlyConfigured(
        "HAND_FILES_TO lets the proxy send files of MEDIA_ROOT: it needs MEDIA_STORAGE=file."
    )
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
# What renditions of new imports may be off, in 4095ths of the range of values; 0 is lossless
RENDITION_MAX_ERROR = number("RENDITION_MAX_ERROR", 0)
# What curators may upload from a browser at once; 0 MB: nothing (docs/curating.md)
UPLOAD_MAX_MB = number("UPLOAD_MAX_MB", 4000)
UPLOAD_MAX_FILES = number("UPLOAD_MAX_FILES", 5000, least=1)
# Of decoding one case of it
UPLOAD_MEMORY_MB = number("UPLOAD_MEMORY_MB", 3000, least=1)
UPLOAD_CASE_SECONDS = number("UPLOAD_CASE_SECONDS", 300, least=1)
# Where it lies until it is imported; web processes and workers share it
UPLOAD_DIR = Path(text("UPLOAD_DIR", str(DATA_DIR / "uploads")))
# Whether the DICOM files that cases come from are kept, with all that their headers say
KEEP_ORIGINALS = flag("KEEP_ORIGINALS", False)
# In place of the buckets and servers that fetch_cases takes films from
DATA_MIRROR = text("DATA_MIRROR", "")
# The archive that import_dicomweb asks, and who asks it: a user with a password, or a token
DICOMWEB_URL = text("DICOMWEB_URL", "")
DICOMWEB_USER = text("DICOMWEB_USER", "")
DICOMWEB_PASSWORD = text("DICOMWEB_PASSWORD", "")
DICOMWEB_TOKEN = text("DICOMWEB_TOKEN", "")
# Public keys whose packs are taken, beside the installation's own (docs/datasets.md)
PACK_SIGNERS = words("PACK_SIGNERS", "")

# Films made for learners (docs/learning.md): megabytes that all of them may take
MADE_FILMS_MB = number("MADE_FILMS_MB", 2000)

# Models; none is needed (docs/models.md)
MODELS_DIR = Path(text("MODELS_DIR", str(DATA_DIR / "models")))
MODEL_MIRROR = text("MODEL_MIRROR", "")
MODEL_DEVICE = text("MODEL_DEVICE", "auto")
LLM_URL = text("LLM_URL", "")
LLM_MODEL = text("LLM_MODEL", "")
LLM_API_KEY = text("LLM_API_KEY", "")
LLM_TIMEOUT_SECONDS = number("LLM_TIMEOUT_SECONDS", 120, least=1)
LLM_CONCURRENCY = number("LLM_CONCURRENCY", 4, least=1)
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
BEHIND_PROXY = flag("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Whose X-Forwarded-For is believed (`radgame.server`)
TRUSTED_PROXIES = words("TRUSTED_PROXIES", "127.0.0.1,::1" if BEHIND_PROXY else "")
# Only where a proxy says who came by https already: it would be led there for ever.
SECURE_SSL_REDIRECT = HTTPS and BEHIND_PROXY
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz", "^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS

# What runs and what breaks (docs/operations.md)
LOG_FORMAT = choice("LOG_FORMAT", *(("json", "plain") if PRODUCTION else ("plain", "json")))
LOG_LEVEL = choice("LOG_LEVEL", "WARNING", "DEBUG", "INFO", "ERROR", "CRITICAL")
LOG_LINES = {"plain": "radgame.logs.PlainLines", "json": "radgame.logs.JsonLines"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"checks": {"()": "radgame.logs.ChecksLeftOut"}},
    "formatters": {"line": {"()": LOG_LINES[LOG_FORMAT]}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # It writes names and addresses; `radgame.rates` says the same without.
    "loggers": {
        "axes": {"level": "ERROR"},
        "django.request": {"filters": ["checks"]},
        # Whoever asks by another name is answered by 400; a line for each would fill the log.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
METRICS_TOKEN = text("METRICS_TOKEN", "")
SENTRY_DSN = text("SENTRY_DSN", "")
if SENTRY_DSN:
    need_package("sentry_sdk", "SENTRY_DSN")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SILENCED_SYSTEM_CHECKS = [
    "urls.W002",
    "security.W021",  # a browsers' list of names is for whoever owns the domain
    *(
        [] if BEHIND_PROXY else ["security.W008"]
    ),  # without a proxy there is no http to lead away from
]
