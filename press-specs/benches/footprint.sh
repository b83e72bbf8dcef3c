#!/bin/sh
# Measures what it costs to depend on press-specs: the smallest program that lists all specs, with press-specs and with
# bare reqwest. Needs cargo and awk; what it builds goes to target/footprint.
#
#   sh press-specs/benches/footprint.sh           # crates, features, build time, binary size
#   sh press-specs/benches/footprint.sh crates    # the dependency tree only, which takes no time
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
programs=$root/press-specs/benches/footprint
target=${CARGO_TARGET_DIR:-$root/target}/footprint
unset CARGO_TARGET_DIR RUSTC_WRAPPER CARGO_BUILD_RUSTC_WRAPPER
mkdir -p "$target"

# The crates in the tree of a package, one a line.
crates() {
    cargo tree --quiet --edges no-dev --prefix none "$@" | awk '{ print $1, $2 }' | sort -u
}

ratio() {
    awk -v a="$1" -v b="$2" -v target="$3" 'BEGIN { printf "%.2f (target: at most %s)", a / b, target }'
}

# The CPU seconds of the commands that this shell has run since it noted the times in the file `before`.
cpu() {
    cat "$target/before" "$target/after" | awk '{
        for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); s[NR] += 60 * t[1] + t[2] }
    } END { print s[4] - s[2] }'
}

# Both programs with the versions of the repository.
for program in bare press-specs; do
    cp "$root/Cargo.lock" "$programs/$program/"
    cargo fetch --quiet --manifest-path "$programs/$program/Cargo.toml"
    crates --manifest-path "$programs/$program/Cargo.toml" | grep -v "^with-press-specs \|^bare " >"$target/$program.crates"
done
bare=$(wc -l <"$target/bare.crates")
ours=$(wc -l <"$target/press-specs.crates")
echo "Crates: bare $((bare)), press-specs $((ours)), more: $((ours - bare)) (target: at most 20)"
comm -13 "$target/bare.crates" "$target/press-specs.crates" | sed 's/^/    /'

echo
echo "Crates that each feature adds:"
cd "$root"
for feature in rustls gzip; do
    crates --package press-specs --no-default-features >"$target/without"
    crates --package press-specs --no-default-features --features "$feature" >"$target/with"
    printf '    %-10s to none: %s\n' "$feature" "$(comm -13 "$target/without" "$target/with" | wc -l)"
done
for feature in blocking mock schemars tracing; do
    crates --package press-specs >"$target/without"
    crates --package press-specs --features "$feature" >"$target/with"
    added=$(comm -13 "$target/without" "$target/with")
    printf '    %-10s to default: %s' "$feature" "$(printf '%s' "$added" | grep -c . || true)"
    printf ' %s' "${added:+($(echo "$added" | awk '{ printf "%s%s", sep, $1; sep = ", " }'))}"
    echo
done
test "${1:-all}" = crates && exit

for profile in dev release; do
    for program in bare press-specs; do
        rm -rf "${target:?}/$program"
        # Not through a pipe, since a subshell has no times yet.
        times >"$target/before"
        cargo build --quiet --locked --profile "$profile" --target-dir "$target/$program" \
            --manifest-path "$programs/$program/Cargo.toml"
        times >"$target/after"
        cpu >"$target/$program.seconds"
    done
    read -r bare <"$target/bare.seconds"
    read -r ours <"$target/press-specs.seconds"
    echo
    echo "Clean build, profile $profile: bare $bare s CPU, press-specs $ours s CPU, ratio $(ratio "$ours" "$bare" 1.15)"
done
bare=$(wc -c <"$target/bare/release/bare")
ours=$(wc -c <"$target/press-specs/release/with-press-specs")
echo
echo "Stripped release binary: bare $((bare)) bytes, press-specs $((ours)) bytes, more: $(((ours - bare) / 1024)) KiB"
