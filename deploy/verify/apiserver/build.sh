#!/usr/bin/env bash
# Builds kube-apiserver, kube-controller-manager and kube-scheduler 1.20 into var/apiserver/bin from Debian 12's source
# package, whose signature apt checks: the newest whole Kubernetes that a distribution's sources hold. Once, a quarter of
# an hour of one core; later runs skip what is there.
set -euo pipefail
cd "$(dirname "$0")/../../.."
GO=/usr/lib/go-1.19/bin/go
PROGRAMS=(kube-apiserver kube-controller-manager kube-scheduler)
NEEDED=(golang-1.19-go etcd-server dpkg-dev)
home=$PWD/var/apiserver
mkdir -p "$home/bin" "$home/apt/lists/partial"

fail() { printf 'verify-apiserver: %s\n' "$*" >&2; exit 1; }

missing=()
for one in "${NEEDED[@]}"; do dpkg -s "$one" >/dev/null 2>&1 || missing+=("$one"); done
if [ ${#missing[@]} != 0 ]; then
  [ "$(id -u)" = 0 ] || fail "missing: ${missing[*]}; as root: apt-get install ${missing[*]} (Debian 12)"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

# The machine's own Debian mirror, asked for sources instead of packages, in lists of its own.
fetch() {
  local mirror
  mirror=$(grep -hoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
    /etc/apt/sources.list.d/*.list 2>/dev/null | grep -v snapshot | head -1 | tr -d ' ') || true
  [ -n "$mirror" ] || fail "no Debian mirror in /etc/apt: Debian 12's sources of kubernetes are needed"
  printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s bookworm main\n' "$mirror" \
    >"$home/apt/sources.list"
  local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$home/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$home/apt/lists" -o APT::Sandbox::User=root)
  "${apt[@]}" update
  (cd "$home" && "${apt[@]}" source kubernetes >/dev/null)
}

compgen -G "$home/kubernetes-1.20.*/cmd" >/dev/null || fetch
sources=$(compgen -G "$home/kubernetes-1.20.*" | grep -v '\.\(dsc\|tar\)' | grep -v '_' | head -1)

# A build of 2021 knows no modules outside its own: GOPATH, as its Makefile set it.
export GO111MODULE=off GOPATH="$home/go" GOCACHE="$home/cache" GOFLAGS="-p=${JOBS:-1}" CGO_ENABLED=0
mkdir -p "$GOPATH/src/k8s.io"
ln -sfn "$sources" "$GOPATH/src/k8s.io/kubernetes"
cd "$GOPATH/src/k8s.io/kubernetes"
# `vendor/k8s.io/api` and its neighbours are links into staging.
for one in staging/src/k8s.io/*; do ln -sfn "../../$one" "vendor/k8s.io/${one##*/}"; done

# Debian's tarball leaves generated code out; its generator is in it.
openapi() {
  local types
  types=$(grep -rlE '\+k8s:openapi-gen=' --include='*.go' staging/src/k8s.io pkg | grep -vE '_test|/testdata/|/examples?/|code-generator|sample-' \
    | xargs -n1 dirname | sort -u | sed 's#^staging/src/##; s#^pkg/#k8s.io/kubernetes/pkg/#' | paste -sd,)
  $GO build -o "$home/bin/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
  "$home/bin/openapi-gen" --v 0 --logtostderr -h /dev/null -O zz_generated.openapi -p k8s.io/kubernetes/pkg/generated/openapi \
    -o "$GOPATH/src" -i "$types" -r "$home/openapi-violations.txt"
}
test -s pkg/generated/openapi/zz_generated.openapi.go || openapi

version=$(basename "$sources" | sed 's/.*really//; s/^kubernetes-//')
for one in "${PROGRAMS[@]}"; do
  [ -x "$home/bin/$one" ] && continue
  printf 'building %s %s\n' "$one" "$version"
  $GO build -ldflags '-s -w' -o "$home/bin/$one" "k8s.io/kubernetes/cmd/$one"
done
printf '%s\n' "$version" >"$home/bin/version"
