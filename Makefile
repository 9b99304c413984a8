# Everything a person does with the service. `make help` says what.
# What is installed lives in .venv and node_modules; what is kept lives in DATA_DIR (var/).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NPM := $(shell command -v npm 2>/dev/null || echo $(abspath $(BIN))/npm)
ASSETS := incident/web/static/vendor/manifest.json
FONTS := incident/papers/fonts/Tinos-Regular.ttf

# A worker must be up in a second: compiled modules are kept.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check bench chaos words lock setup dev clean screenshots nights taps

help: ## Nói mỗi lệnh làm gì
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: setup ## Cài đặt, nạp dữ liệu mẫu, chạy toàn bộ dịch vụ trên máy này
	@$(BIN)/incident up

test: dev ## Cài đặt, chạy toàn bộ kiểm thử
	@$(BIN)/pytest -n logical --maxprocesses=4

check: dev ## Định dạng, kiểu, chiều phụ thuộc, di trú
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/incident/store/test_schema.py

bench: dev ## Đo tốc độ, ghi docs/benchmarks.md
	$(BIN)/python -m tests.bench

chaos: dev ## Giết ngẫu nhiên các tiến trình khi đang gửi, ghi docs/chaos.md
	$(BIN)/python -m tests.chaos --private-postgres $(CHAOS)

screenshots: dev ## Chụp lại các ảnh của README từ dịch vụ đang chạy
	$(BIN)/python -m tests.browser.screenshots

nights: dev ## Diễn lại ba đêm trong trình duyệt thật, ghi docs/nights/
	$(BIN)/python -m tests.browser.nights $(NIGHTS)

taps: dev ## Đếm số lần chạm, số giây của từng việc, ghi docs/taps.md
	$(BIN)/python -m tests.browser.taps

words: dev ## Gom câu chữ cần dịch vào bản tiếng Anh, nêu câu còn thiếu
	@$(BIN)/python -m incident.web.catalogue
	@$(BIN)/python -m incident.web.assets

lock: ## Khóa lại phiên bản các thư viện, kèm mã băm
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --no-header -q pyproject.toml --group build -o requirements/run.txt
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --no-header -q pyproject.toml --group build --group test --group check -c requirements/run.txt -o requirements/dev.txt
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --no-header -q --group node -o requirements/node.txt
	npm install --package-lock-only --ignore-scripts --no-audit --no-fund
	$(PYTHON) -c "import json; p='package-lock.json'; d=json.load(open(p)); [m.pop('resolved', None) for m in d['packages'].values()]; json.dump(d, open(p, 'w'), indent=2); open(p, 'a').write('\n')"

setup: $(VENV)/run.stamp $(ASSETS) $(FONTS)

dev: setup $(VENV)/dev.stamp

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Cần Python 3.11 trở lên: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/npm.stamp: requirements/node.txt $(VENV)/run.stamp
	@command -v npm >/dev/null || $(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes -r requirements/node.txt
	@touch $@

node_modules/.stamp: package.json package-lock.json $(VENV)/npm.stamp
	PATH="$(abspath $(BIN)):$$PATH" $(NPM) ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

$(ASSETS): node_modules/.stamp incident/web/assets.py $(wildcard incident/web/styles/* incident/web/scripts/* incident/web/translations/*/*/*.po)
	$(BIN)/python -m incident.web.assets
	@touch $@

$(FONTS): node_modules/.stamp incident/papers/fonts.py
	$(BIN)/python -m incident.papers.fonts
	@touch $@

clean: ## Xóa những gì đã cài (giữ dữ liệu)
	rm -rf $(VENV) node_modules incident/web/static/vendor incident/papers/fonts build *.egg-info
