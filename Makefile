# make run    installs what is missing, builds, starts the suite on this machine, shows it at work
# make stop   stops what make run started
# make test   builds and runs every test
# make bench  measures (ONLY=archive.get runs some)
# make format formats the sources; make lint checks how they read, without building (not part of make test)
# make breaking AGAINST=v0.1.0  compares the protos with those of a release (a tag or commit)
.PHONY: run stop test bench build format lint breaking

build:
	@tools/local/packages.sh
	@tools/local/build.sh

run:
	@tools/local/packages.sh
	@tools/local/build.sh crm-customer crm-sales crm-ticket crmctl crm-examples crm-local
	@tools/local/run.sh

stop:
	@tools/local/stop.sh

test:
	@tools/local/packages.sh
	@tools/local/test.sh

bench:
	@tools/local/packages.sh
	@tools/local/build.sh
	@bench/run.sh

format:
	@tools/local/packages.sh packages_lint.txt
	@git ls-files --cached --others --exclude-standard '*.cc' '*.h' | xargs clang-format -i

lint:
	@tools/local/packages.sh packages_lint.txt
	@tools/lint.sh

breaking:
	@tools/local/packages.sh
	@[ -n "$(AGAINST)" ] || { echo "error: AGAINST=<tag or commit> is missing" >&2; exit 1; }
	@[ -d tests/node/node_modules ] || (cd tests/node && npm ci --no-audit --no-fund --loglevel=error)
	@tests/node/node_modules/.bin/buf breaking --against '.git#ref=$(AGAINST)'
