#!/bin/sh
# Measures what it costs to depend on press-specs: the smallest program that lists all specs, with press-specs and with
# bare reqwest. Needs cargo, awk and join; builds in target/footprint.
#
#   sh press-specs/benches/footprint.sh           # crates, features, build time by crate, binary size
#   sh press-specs/benches/footprint.sh crates    # the dependency tree only, without a build
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
programs=$root/press-specs/benches/footprint
target=${CARGO_TARGET_DIR:-$root/target}/footprint
unset CARGO_TARGET_DIR RUSTC_WRAPPER CARGO_BUILD_RUSTC_WRAPPER
mkdir -p "$target"
# `times` prints a line for the shell and one for its children.
seconds='function seconds(t,  p) { split(t, p, /[ms]/); return 60 * p[1] + p[2] }'

# The crates in the tree of a package, one a line.
crates() {
    cargo tree --quiet --edges no-dev --prefix none "$@" | awk '{ print $1, $2 }' | sort -u
}

# Both programs with the versions of the repository.
for program in bare press-specs; do
    cp "$root/Cargo.lock" "$programs/$program/"
    cargo fetch --quiet --manifest-path "$programs/$program/Cargo.toml"
    crates --manifest-path "$programs/$program/Cargo.toml" | grep -v "^with-press-specs \|^bare " >"$target/$program.crates"
done
bare=$(wc -l <"$target/bare.crates")
ours=$(wc -l <"$target/press-specs.crates")
echo "Crates: bare $((bare)), press-specs $((ours)), more: $((ours - bare)) (target: at most 8)"
comm -13 "$target/bare.crates" "$target/press-specs.crates" | sed 's/^/    + /'
comm -23 "$target/bare.crates" "$target/press-specs.crates" | sed 's/^/    - /'

echo
echo "Crates that each feature adds:"
cd "$root"
for feature in rustls native-tls gzip; do
    crates --package press-specs --no-default-features >"$target/without"
    crates --package press-specs --no-default-features --features "$feature" >"$target/with"
    printf '    %-10s to none: %s\n' "$feature" "$(comm -13 "$target/without" "$target/with" | wc -l)"
done
for feature in blocking chrono mock schemars tracing; do
    crates --package press-specs >"$target/without"
    crates --package press-specs --features "$feature" >"$target/with"
    added=$(comm -13 "$target/without" "$target/with")
    printf '    %-10s to default: %s' "$feature" "$(printf '%s' "$added" | grep -c . || true)"
    printf ' %s' "${added:+($(echo "$added" | awk '{ printf "%s%s", sep, $1; sep = ", " }'))}"
    echo
done
test "${1:-all}" = crates && exit

# Notes the CPU time of each compiler run.
cat >"$target/rustc" <<'END'
#!/bin/sh
"$@" || exit
times >"$FOOTPRINT_TIMES/${CARGO_PKG_NAME:-none}.$$"
END
chmod +x "$target/rustc"

# Builds a program from nothing; writes its CPU time by crate, and the whole, to `$target/PROGRAM.times`.
build() {
    rm -rf "${target:?}/$1" "$target/times"
    mkdir "$target/times"
    # Not through a pipe, since a subshell has no times yet.
    times >"$target/before"
    FOOTPRINT_TIMES=$target/times RUSTC_WRAPPER=$target/rustc cargo build --quiet --locked --profile "$2" \
        --target-dir "$target/$1" --manifest-path "$programs/$1/Cargo.toml"
    times >"$target/after"
    {
        awk "$seconds"' FNR == 2 { print "(all)", (FILENAME ~ /after$/ ? 1 : -1) * (seconds($1) + seconds($2)) }' \
            "$target/before" "$target/after"
        awk "$seconds"' FNR == 2 {
            name = FILENAME; sub(/.*\//, "", name); sub(/\.[0-9]+$/, "", name)
            print name, seconds($1) + seconds($2)
        }' "$target/times"/*
    } | awk '{ sum[$1] += $2 } END { for (name in sum) print name, sum[name] }' | sort >"$target/$1.times"
}

for profile in dev release; do
    build bare "$profile"
    build press-specs "$profile"
    echo
    echo "Clean build, profile $profile: seconds of CPU bare and with press-specs (target of the ratio: at most 1.12)"
    # With build scripts, which no compiler run shows, in the whole only.
    join -a 1 -a 2 -e 0 -o 0,1.2,2.2 "$target/bare.times" "$target/press-specs.times" | awk '{
        more = $3 - $2
        if ($1 == "(all)") printf "    %-28s %7.1f %7.1f   ratio %.3f\n", "all", $2, $3, $3 / $2
        else if (more > 0.2 || more < -0.2) printf "    %-28s %7.1f %7.1f   %+.1f\n", $1, $2, $3, more
    }'
done
bare=$(wc -c <"$target/bare/release/bare")
ours=$(wc -c <"$target/press-specs/release/with-press-specs")
echo
echo "Stripped release binary: bare $((bare)) bytes, press-specs $((ours)) bytes, more: $(((ours - bare) / 1024)) KiB"
