#!/usr/bin/env bash
# Builds and restores everything, once, before the editor opens. A tool may not be had: a step that fails says so, and
# the container opens all the same.
cd "$(dirname "$0")/.." || exit

step() {
    local without=$1
    shift
    "$@" || echo "✗ '$*' failed: $without"
}

step "nothing can be run before it succeeds." dotnet build
step "scripts run with 'dotnet run' only." dotnet tool restore
step "the notebooks have no kernel; every lesson is a script too." dotnet tool install --global Microsoft.dotnet-interactive --version 1.0.712001
if command -v dotnet-interactive; then
    step "the notebooks have no kernel; every lesson is a script too." dotnet-interactive jupyter install
fi

dotnet run scripts/doctor.csx
exit 0
