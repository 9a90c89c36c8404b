# ngx_sensu_module. Everything made goes into build/ (and run/).

NGINX_SRC    ?= /usr/share/nginx/src
NGINX_BINARY ?= /usr/sbin/nginx
DESTDIR      ?=

export NGINX_SRC NGINX_BINARY DESTDIR

PKGS      = nginx nginx-dev libjansson-dev libjwt-dev libhiredis-dev \
            libssl-dev 'redis-server|valkey-server' gcc libc6-dev make perl \
            curl openssl
TEST_PKGS = nghttp2-client libnginx-mod-stream
LINT_PKGS = cppcheck shellcheck libyajl-dev
FUZZ_PKGS = clang libclang-rt-dev
CROSS_PKGS = gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
             gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user
QEMU_PKGS = qemu-user-static binfmt-support
BENCH_PKGS = haproxy libnginx-mod-http-lua lua-cjson valgrind gnuplot-nox g++ \
             libyajl-dev libsimdjson-dev
ALERT_PKGS = prometheus
LOOK_PKGS = $(ALERT_PKGS) chromium
CLIENT_PKGS = jq python3 python3-requests nodejs golang-go
DEB_PKGS  = debootstrap wrk iproute2

PURE  = $(wildcard ngx_sensu_module/*/sensu_*.c)
HEADS = $(wildcard ngx_sensu_module/*/sensu_*.h)
INCS  = $(addprefix -I,$(sort $(dir $(HEADS))))
UNIT  = $(patsubst t/%.c,build/%,$(wildcard t/unit/*.c))
OBJS  = $(patsubst ngx_sensu_module/%.c,build/unit/%.o,$(PURE))
NGX_INCS = $(addprefix -I,build $(sort $(dir $(wildcard ngx_sensu_module/*/*.h)))) \
           $(addprefix -isystem$(NGINX_SRC)/src/,core event event/modules \
             event/quic os/unix http http/modules http/v2 http/v3)
LIBS  = -ljansson -ljwt -lcrypto -lm

# what make check-all makes, in this order: what takes longest early, so that
# jobs end together
CHECKS = lint test platforms mutants asan fuzz valgrind nginx-versions coverage \
         compilers chaos cross soak fuzz-gateway fuzz-compose compose deb-test \
         readme-test image-test day-test look alerts clients 'bench BENCH_QUICK=1'

WERROR      = -Werror
UNIT_CFLAGS = -std=gnu11 -g -O1 -Wall -Wextra $(WERROR) \
              -fno-omit-frame-pointer -fsanitize=address,undefined \
              -fno-sanitize-recover=undefined

.SECONDARY: $(OBJS)

.PHONY: help deps build deb run test unit cross fuzz fuzz-gateway asan chaos compose fuzz-compose \
        valgrind vectors mutants coverage soak bench lint look clients deb-test readme-test \
        alerts day-test day-packages platforms packages nginx-versions image-test compilers \
        check-all clean install

help:
	@echo 'make run      the gateway with a demo backend, until Ctrl-C'
	@echo '              (BACKEND=host:port JWT_KEY_FILE=path STORE=memory)'
	@echo 'make test     everything under t/ (PROVE_FLAGS=-v T=t/x.t)'
	@echo 'make build    build/ngx_sensu_module.so (NGINX_SRC=path), build/sensu-token'
	@echo 'make install  the module, the program and the pages (DESTDIR=, PREFIX=path)'
	@echo 'make deb      the Debian package, into build/deb/'
	@echo 'make deps     the missing Debian packages'
	@echo 'make unit     the unit test programs'
	@echo 'make cross    unit tests for other CPUs (arm64, s390x), by qemu'
	@echo 'make fuzz     the fuzzers, each for FUZZ_SECONDS=60'
	@echo 'make vectors DIRS="a b"  JSONTestSuite and Wycheproof, from their checkouts'
	@echo 'make compose  every way of writing a location x callers x requests'
	@echo 'make fuzz-compose   random ones of these, for FUZZ_SECONDS=60'
	@echo 'make fuzz-gateway   random requests and answers, for FUZZ_SECONDS=60'
	@echo 'make asan     the suite under AddressSanitizer and UBSan (T=t/x.t)'
	@echo 'make valgrind the core of the suite under valgrind (T=t/x.t)'
	@echo 'make mutants  broken builds, which the tests must catch (MUTANTS=pattern)'
	@echo 'make coverage what the tests reach of the module, in percent (T=t/x.t)'
	@echo 'make chaos    a Redis gone mad, under the sanitizers (CHAOS_SECONDS=60 each)'
	@echo 'make soak     everything at once, for SOAK_SECONDS=300 (WALKS=1000000)'
	@echo 'make bench    benchmarks, into docs/benchmarks.md (BENCH_QUICK=1)'
	@echo 'make look     promtool and Chromium look at metrics and status page'
	@echo 'make alerts   each alert of docs/alerts.yml, by its cause, in a Prometheus'
	@echo 'make clients  the programs of docs/walking.md, in four languages'
	@echo 'make day-test the first day beside another site, in a bare Debian (as root)'
	@echo 'make deb-test the package in a bare Debian root (RELEASE=13; as root)'
	@echo 'make readme-test    the commands of the README, likewise (as root)'
	@echo 'make platforms  make run and make test in bare Debian 12, 13 and testing'
	@echo '              (RELEASES=13 ARCH=arm64 T=t/x.t; as root)'
	@echo 'make nginx-versions  the module with other nginx (SOURCES="testing path")'
	@echo 'make compilers  the module by each compiler here, a walk with each (RELEASE=13)'
	@echo 'make image-test  the Dockerfile, built and started without an engine (as root)'
	@echo 'make lint     style, include directions, warnings'
	@echo 'make check-all all of these, some hours; a table of verdicts (JOBS=3 at a time)'
	@echo 'make clean    removes build/ and run/'

deps:
	@tools/deps $(PKGS)

build: build/sensu-token
	@tools/build

build/sensu-token: tools/sensu-token $(wildcard program/*.[ch]) \
                   $(wildcard ngx_sensu_module/token/*.c) $(HEADS)
	@tools/sensu-token $@

run: deps build
	@tools/run

test:
	@tools/deps $(PKGS) $(TEST_PKGS)
	@$(MAKE) --no-print-directory -j2 build $(if $(filter t t/unit%,$(or $(T),t)),unit)
	@prove -r $(PROVE_FLAGS) $(or $(T),t)

unit: $(UNIT)

build/unit/%: t/unit/%.c $(wildcard t/unit/*.h) $(OBJS)
	@gcc $(UNIT_CFLAGS) $(INCS) -o $@ $< $(OBJS) $(LIBS)

build/vectors/%: t/vectors/%.c $(wildcard t/vectors/*.h t/unit/*.h) $(OBJS)
	@mkdir -p $(@D)
	@gcc $(UNIT_CFLAGS) $(INCS) -It/unit -o $@ $< $(OBJS) $(LIBS)

# with nginx's headers: what it is given, whatever the version
build/unit/ngx_test_headers: t/unit/ngx_test_headers.c t/unit/tap.h $(OBJS) \
                         ngx_sensu_module/request/ngx_sensu_headers.c
	@tools/build configure
	@gcc $(UNIT_CFLAGS) -Wno-unused-parameter $(NGX_INCS) -o $@ \
	     $(filter %.c,$^) $(OBJS) $(LIBS)

build/unit/%.o: ngx_sensu_module/%.c $(HEADS)
	@mkdir -p $(@D)
	@gcc $(UNIT_CFLAGS) $(INCS) -c -o $@ $<

cross:
	@tools/deps $(CROSS_PKGS)
	@tools/cross

fuzz:
	@tools/deps $(PKGS) $(FUZZ_PKGS)
	@tools/fuzz

vectors:
	@tools/deps $(PKGS)
	@$(MAKE) --no-print-directory -j2 build/vectors/json build/vectors/signatures
	@tools/vectors $(DIRS)

fuzz-gateway:
	@tools/deps $(PKGS) $(TEST_PKGS) libpcre2-dev zlib1g-dev patch xz-utils
	@$(MAKE) --no-print-directory build
	@tools/fuzz-gateway

compose:
	@tools/deps $(PKGS) $(TEST_PKGS)
	@$(MAKE) --no-print-directory build
	@COMPOSE_PART=1 prove $(PROVE_FLAGS) t/compose.t t/compose-rbac.t

fuzz-compose:
	@tools/deps $(PKGS) $(TEST_PKGS)
	@$(MAKE) --no-print-directory build
	@tools/fuzz-compose

asan:
	@tools/deps $(PKGS) $(TEST_PKGS) libpcre2-dev zlib1g-dev patch xz-utils
	@$(MAKE) --no-print-directory -j2 unit
	@tools/asan $(T)

chaos:
	@tools/deps $(PKGS) $(TEST_PKGS) libpcre2-dev zlib1g-dev patch xz-utils
	@CHAOS_SECONDS=$${CHAOS_SECONDS:-60} tools/asan t/redis-chaos.t

valgrind:
	@tools/deps $(PKGS) $(TEST_PKGS) valgrind
	@$(MAKE) --no-print-directory build
	@tools/valgrind $(T)

mutants:
	@tools/deps $(PKGS) $(TEST_PKGS)
	@tools/mutants '$(MUTANTS)'

coverage:
	@tools/deps $(PKGS) $(TEST_PKGS) lcov
	@$(MAKE) --no-print-directory -j2 build unit
	@tools/coverage $(T)

bench:
	@tools/deps $(PKGS) $(BENCH_PKGS)
	@$(MAKE) --no-print-directory build
	@tools/bench

soak:
	@tools/deps $(PKGS) $(TEST_PKGS)
	@$(MAKE) --no-print-directory build
	@tools/soak

lint:
	@tools/deps $(PKGS) $(LINT_PKGS)
	@tools/lint

check-all:
	@tools/check-all $(CHECKS)

deb:
	@tools/deps $(PKGS) build-essential
	@tools/deb

look:
	@tools/deps $(PKGS) $(LOOK_PKGS)
	@$(MAKE) --no-print-directory build
	@prove $(PROVE_FLAGS) tools/look.t

alerts:
	@tools/deps $(PKGS) $(ALERT_PKGS)
	@$(MAKE) --no-print-directory build
	@prove $(PROVE_FLAGS) tools/alerts.t

clients:
	@tools/deps $(PKGS) $(CLIENT_PKGS)
	@$(MAKE) --no-print-directory build
	@prove $(PROVE_FLAGS) tools/clients.t

day-test:
	@tools/deps debootstrap iproute2 git perl curl chromium
	@tools/day-test

deb-test:
	@tools/deps $(PKGS) nghttp2-client $(DEB_PKGS)
	@tools/deb-test

readme-test:
	@tools/deps debootstrap iproute2 git perl curl
	@tools/readme-test

platforms:
	@tools/deps debootstrap iproute2 git $(if $(filter arm64,$(ARCH)),$(QEMU_PKGS) $(PKGS) $(TEST_PKGS))
	@tools/platforms $(RELEASES)

nginx-versions:
	@tools/deps $(PKGS) $(TEST_PKGS) libpcre2-dev zlib1g-dev patch xz-utils
	@$(MAKE) --no-print-directory -j2 build unit
	@tools/nginx-versions $(SOURCES)

compilers:
	@tools/deps $(if $(RELEASE),debootstrap,$(PKGS) $(TEST_PKGS) clang)
	@tools/compilers

image-test:
	@tools/deps $(PKGS) debootstrap iproute2 buildah
	@tools/image-test

# what make run and make test install; those of a first day
packages:
	@echo $(PKGS) $(TEST_PKGS)

day-packages:
	@echo $(PKGS) $(ALERT_PKGS) $(CLIENT_PKGS) build-essential ca-certificates git sudo

install: build
	@tools/install

clean:
	rm -rf build run
