# One image a service: docker build --build-arg SERVICE=crawler -t haetae/crawler .
ARG PYTHON=3.11-slim-bookworm
FROM python:${PYTHON} AS build
ARG SERVICE
COPY locks/ /locks/
# The classifier's torch: the CPU build when the builder's pip is told where it is (PIP_EXTRA_INDEX_URL), else the general one.
ARG PIP_EXTRA_INDEX_URL=
RUN test -f "/locks/${SERVICE}.lock" || { echo "give --build-arg SERVICE=NAME, a NAME with a lock here:" /locks/*.lock; exit 1; } \
 && python -m venv /opt/haetae \
 && /opt/haetae/bin/pip install --no-cache-dir --require-hashes -r "/locks/${SERVICE}.lock" \
 && if [ "${SERVICE}" = classifier ]; then \
      /opt/haetae/bin/pip install --no-cache-dir --require-hashes -r /locks/torch-cpu.lock \
      || /opt/haetae/bin/pip install --no-cache-dir --require-hashes -r /locks/torch.lock; fi

FROM python:${PYTHON}
ARG SERVICE
# Evidence shows pages, and needs fonts for their languages; the crawler reads what scripts write, and needs none. The
# classifier reads words in pictures, where HAETAE_TESSDATA=/usr/share/tesseract-ocr/5/tessdata turns it on.
RUN case "${SERVICE}" in \
      evidence) packages="chromium-headless-shell fonts-noto-cjk fonts-thai-tlwg" ;; \
      crawler) packages="chromium-headless-shell" ;; \
      classifier) packages="tesseract-ocr-kor tesseract-ocr-eng tesseract-ocr-jpn tesseract-ocr-chi-sim tesseract-ocr-rus tesseract-ocr-vie tesseract-ocr-tha" ;; \
      *) exit 0 ;; \
    esac \
 && apt-get update && apt-get install -y --no-install-recommends ${packages} && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/haetae /opt/haetae
COPY haetae_verify/ /app/haetae_verify/
COPY shared/ /app/shared/
COPY services/ /app/services/
COPY migrations/ /app/migrations/
COPY deploy/ /app/deploy/
COPY haetae/ /app/haetae/
COPY contracts/ /app/contracts/
WORKDIR /app
ENV PATH=/opt/haetae/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 SERVICE=${SERVICE} \
    HAETAE_OPS_HOST=0.0.0.0 HAETAE_OPS_PORT=9000 NUMBA_CACHE_DIR=/tmp/numba
USER 65532:65532
EXPOSE 9000
# The command line: docker run haetae/cli python -m haetae accounts add NAME
CMD ["sh", "-c", "if [ \"${SERVICE}\" = cli ]; then exec python -m haetae --help; fi; exec python -m services.${SERVICE}"]
