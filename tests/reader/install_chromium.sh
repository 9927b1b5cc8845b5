#!/bin/sh
# Debian's Chromium for the end-to-end test of the reader study, where it is missing and can be had; else nothing.
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "no Chromium here: the reader study's end-to-end test will be skipped (install the package chromium)" >&2
    exit 0
fi
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null ||
    echo "Chromium could not be installed: the reader study's end-to-end test will be skipped" >&2
