# shellcheck shell=bash
# The Debian packages that funnel needs, in this one place. Sourced by quickstart.sh and test.sh.

# shellcheck disable=SC2034
build_packages=(
    g++ cmake ninja-build pkg-config
    libeigen3-dev                                                  # the header rooms
    libisal-dev libzstd-dev libxxhash-dev libhwy-dev               # the compiled rooms
    libsimdjson-dev                                                # JSON lines: -DFUNNEL_WITH_SIMDJSON=OFF needs none
    libboost-dev                                                   # funnel-train serve: -DFUNNEL_WITH_SERVE=OFF needs none
    libhowardhinnant-date-dev tzdata nlohmann-json3-dev
    libcli11-dev libspdlog-dev                                     # funnel-train
)
# shellcheck disable=SC2034
test_packages=(libgtest-dev libbenchmark-dev clang libclang-rt-dev clang-format
               chromium  # opens the reports
               python3    # calls the library as C does
               zsh fish)  # load their completion

# install_packages NAME...: asks apt once, for what is missing; nothing to do costs nothing.
install_packages() {
    if ! command -v apt-get >/dev/null; then
        echo "No apt-get here: make sure that you have what Debian calls $*" >&2
        return
    fi
    local missing=() as_root=() name
    for name in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed ||
            missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "Neither root nor sudo: have these packages installed: ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${as_root[@]}" apt-get update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}
