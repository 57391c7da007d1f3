FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium tini \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 runner
WORKDIR /workdir

COPY requirements.txt .
RUN pip install --no-cache-dir --requirement requirements.txt

COPY --chown=runner:runner . .
RUN mkdir var && chown runner:runner var

USER runner
# Chromium's own sandbox needs what a container does not give; the container is one.
ENV PYTHONUNBUFFERED=1 CHROMIUM_SANDBOX=0
ENTRYPOINT ["tini", "--"]
CMD ["scrapy", "list"]
