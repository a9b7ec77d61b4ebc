# make run    installs what is missing, builds, starts the suite on this machine, shows it at work
# make stop   stops what make run started
# make test   builds and runs every test
# make bench  measures (ONLY=archive.get runs some)
# make format formats the sources; make lint checks them
.PHONY: run stop test bench build format lint

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
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

lint:
	@tools/lint.sh
