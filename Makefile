# tzxm: `make setup` once, then `make demo` to look at it and `make test` to check everything.
.PHONY: setup demo test bench existence security release screenshots

setup:        ## installs what is missing (Debian packages, npm packages)
	@scripts/setup.sh

demo:         ## builds and starts the platform with made-up data
	@scripts/demo.sh

test: setup   ## formatting, lints, all tests on both databases, browser tests
	@scripts/test.sh

bench:        ## speed as ratios against limits measured in the same run
	cargo run --locked --release -p bench

existence:    ## whether the time of a wrong sign-in tells if an account exists (ten minutes)
	cargo run --locked --release -p bench -- --existence 10000

security:     ## scanners against a demonstration: schemathesis, wapiti, sqlmap (about fifteen minutes)
	python3 scripts/security.py

release:      ## a signed release in out/: make release KEY=release.key (a key of tzxm key create-release)
	@scripts/release.sh $(KEY)

screenshots: setup  ## pictures of the main pages: e2e/out/, and docs/pictures/ for the README
	@scripts/test.sh pictures
