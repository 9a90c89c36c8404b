# The gateway as an image: docs/container.md.
#
#     docker build -t sensu-edge .
#
# BASE is Debian 12 or 13: the package is built on it and installed into it.

ARG BASE=debian:13-slim


FROM ${BASE} AS package

ENV DEBIAN_FRONTEND=noninteractive

RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends make

COPY . /src
WORKDIR /src

# slim images leave out /usr/share/doc: the sample comes out of the package
RUN make deb \
    && mkdir /edge \
    && mv build/deb/libnginx-mod-http-sensu_*.deb /edge/package.deb \
    && dpkg-deb -x /edge/package.deb build/unpacked \
    && cp build/unpacked/usr/share/doc/libnginx-mod-http-sensu/examples/nginx.conf.sample \
          container/entrypoint /edge/


FROM ${BASE}

RUN --mount=type=bind,from=package,source=/edge,target=/edge \
    export DEBIAN_FRONTEND=noninteractive \
    && apt-get update -q \
    && apt-get install -q -y --no-install-recommends \
               /edge/package.deb nginx ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* /var/log/*.log /var/log/apt /var/log/nginx/* \
    && install -D -m 755 /edge/entrypoint /opt/sensu-edge/container/entrypoint \
    && install -m 644 /edge/nginx.conf.sample /opt/sensu-edge/ \
    && install -d /etc/nginx/sensu \
    && install -d -o 10001 -g 10001 -m 700 /run/sensu-edge /var/lib/nginx

# a number, so that Kubernetes sees that it is not root
USER 10001:10001

# the configuration that is made, and what nginx writes of large bodies: all
# else may be read-only
VOLUME ["/run/sensu-edge", "/var/lib/nginx"]

EXPOSE 8443

# requests that were begun are ended
STOPSIGNAL SIGQUIT

HEALTHCHECK --interval=10s --timeout=3s \
    CMD ["curl", "-fsk", "-o", "/dev/null", "https://127.0.0.1:8443/edge"]

ENTRYPOINT ["/opt/sensu-edge/container/entrypoint"]
