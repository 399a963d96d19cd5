"""What nginx and kmid are configured to be."""

import dataclasses
import os
import pathlib
import resource

# Connections of callers that kmid and each worker of nginx may have, and the descriptors that have to be allowed for that: these, and
# some for listeners, logs and what is linked.
CONNECTIONS = 16_384
DESCRIPTORS = CONNECTIONS + 512
TOKEN = "bench-token-0123456789"
UPSTREAM_KEY = "sk-bench-upstream-0123456789"


@dataclasses.dataclass(frozen=True)
class Setup:
    """A daemon's providers and keys; everything else is as it is shipped, but for the limits of capacity."""

    # Name of a provider and its base address; the first is the default.
    providers: "tuple[tuple[str, str], ...]"
    keys: int = 3
    # A folder with ca.pem, tls.pem and tls.key, for the listener with TLS and the provider behind TLS.
    tls: "pathlib.Path | None" = None


NGINX_COMMON = """
{user}daemon off;
pid {folder}/pid;
error_log stderr warn;
worker_processes auto;
worker_rlimit_nofile {descriptors};
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    client_max_body_size 64m;
    # Neither side writes a body to a file.
    client_body_buffer_size 5m;
    client_header_buffer_size 4k;
    tcp_nodelay on;
"""


def nginx_common(folder: pathlib.Path) -> str:
    return NGINX_COMMON.format(
        user="user root;\n" if os.getuid() == 0 else "", folder=folder, descriptors=DESCRIPTORS, connections=CONNECTIONS)


def descriptors_missing() -> "str | None":
    """What to do if this process may not have as many descriptors as the programs are configured for."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY or most >= DESCRIPTORS:
        return None
    return (f"a process may have {most} descriptors here, {DESCRIPTORS} are needed: as root `ulimit -Hn {DESCRIPTORS}` in this "
            "shell, LimitNOFILE= of the service, or `nofile` in /etc/security/limits.conf")


def nginx_sealed(tls: pathlib.Path, answers: int):
    """Puts TLS in front of the provider."""
    def configure(folder: pathlib.Path, ports: list) -> str:
        return nginx_common(folder) + f"""
    # What it refuses is nobody's fault that is measured, and is told of by name.
    map $status $is_refused {{ ~^2 0; default 1; }}
    log_format refused '$time_iso8601 $status, by the provider $upstream_status, after $request_time s, request $connection_requests of its connection';
    access_log {folder}/refused refused if=$is_refused;
    upstream answers {{ server 127.0.0.1:{answers}; keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 1h; }}
    server {{
        listen 127.0.0.1:{ports[0]} ssl;
        ssl_certificate {tls}/tls.pem;
        ssl_certificate_key {tls}/tls.key;
        location / {{
            proxy_pass http://answers;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""
    return configure


def nginx_proxy(tls: pathlib.Path, provider: int, sealed: int):
    """What kmid is compared with: it forwards with kept connections, sets the credential, and does nothing else."""
    def configure(folder: pathlib.Path, ports: list) -> str:
        passing = """
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Authorization "Bearer %s";
            proxy_read_timeout 1h;
            proxy_max_temp_file_size 0;""" % UPSTREAM_KEY
        upstreams = "".join(
            f"""
    upstream {name} {{ server 127.0.0.1:{port}; keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 1h; }}"""
            for name, port in (("provider", provider), ("sealed", sealed)))
        return nginx_common(folder) + upstreams + f"""
    server {{
        listen 127.0.0.1:{ports[0]};
        listen 127.0.0.1:{ports[1]} ssl http2;
        ssl_certificate {tls}/tls.pem;
        ssl_certificate_key {tls}/tls.key;
        http2_max_concurrent_streams 128;
        location /v1/ {{ proxy_pass http://provider/v1/;{passing} }}
        location /p/streams/ {{ proxy_pass http://provider/v1/; proxy_buffering off;{passing} }}
        location /p/sealed/ {{
            proxy_pass https://sealed/v1/;
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate {tls}/ca.pem;
            proxy_ssl_name localhost;
            proxy_ssl_session_reuse on;{passing}
        }}
    }}
}}
"""
    return configure


def secret(folder: pathlib.Path, name: str, value: str) -> None:
    path = folder / name
    path.touch(0o600)
    path.write_text(value)


def write(folder: pathlib.Path, setup: Setup) -> pathlib.Path:
    """The configuration of a daemon, with its secrets beside it."""
    secret(folder, "bench.token", TOKEN)
    listen, tls = '"127.0.0.1:0"', ""
    if setup.tls:
        listen = '"http://127.0.0.1:0", "https://127.0.0.1:0"'
        tls = f'[server.tls]\ncertificate = "{setup.tls}/tls.pem"\nprivate_key = "{setup.tls}/tls.key"\n'
    authority = f'ca_file = "{setup.tls}/ca.pem"\n' if setup.tls else ""
    text = f"""
[server]
listen = [{listen}]
socket = "off"
admin_listen = "http://127.0.0.1:0"
{tls}
[server.limits]
connections = {CONNECTIONS}

[limits]
in_flight = 0

[upstream]
max_connections = {CONNECTIONS}
max_idle_connections = 1024
{authority}
[trace]
max_bytes = "16GiB"

[[client]]
name = "bench"
token = "file:bench.token"
"""
    for number, (name, base) in enumerate(setup.providers):
        default = "default = true\n" if number == 0 else ""
        text += f'\n[[provider]]\nname = "{name}"\nkind = "openai"\nbase_url = "{base}"\n{default}'
        for index in range(setup.keys):
            label = f"{name}-{index}"
            secret(folder, label, f"sk-bench-{name}-{index:06}")
            text += f'\n[[key]]\nlabel = "{label}"\nprovider = "{name}"\nsecret = "file:{label}"\n'
    path = folder / "kmi.toml"
    path.write_text(text)
    return path
