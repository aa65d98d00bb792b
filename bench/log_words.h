/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary of made-up logs, for log_fields.c alone. The first ones of a list are drawn most
 * often, misses alike. No list may hold a key, or anything but a miss that looks like one: in a clean
 * log every masked byte is a false one.
 */
#pragma once

static const char *const hosts[] = {
	"web-01", "web-02", "web-03", "api-01", "api-02", "db-primary", "db-replica-2", "ingest-7",
	"worker-14", "worker-15", "gpu-node-3", "ip-10-0-14-221", "ip-10-0-3-87", "edge-fra1",
};
static const char *const users[] = {
	"root", "deploy", "admin", "jenkins", "ubuntu", "postgres", "www-data", "alice", "bob.smith",
	"carol", "svc-ingest", "git", "nobody", "oracle", "m.keller", "guest",
};
static const char *const services[] = {
	"checkout", "gateway", "llm-proxy", "inference", "auth", "billing", "search", "embedder",
	"scheduler", "task-runner", "disk-manager", "risk-engine", "notifier", "cart", "profile",
	"rag-indexer", "tokenizer", "moderation",
};
static const char *const words[] = {
	"request", "user", "id", "session", "cache", "connection", "status", "value", "index", "block",
	"queue", "worker", "message", "result", "count", "size", "retry", "timeout", "batch", "stream",
	"offset", "partition", "shard", "token_count", "prompt", "completion", "vector", "document",
	"chunk", "embedding", "tenant", "region", "cluster", "replica", "snapshot", "lease", "handler",
	"client", "server", "buffer", "payload", "schema", "table", "row", "column", "policy", "role",
	"event", "metric", "latency", "upload", "download", "checksum", "manifest", "volume", "task",
	"disk", "mask", "keyspace", "monkey", "keyboard_layout", "primary_key_id", "asks", "risky",
};
static const char *const messages[] = {
	"connection closed by peer", "request completed", "cache miss", "cache hit", "starting worker",
	"retrying after transient error", "received batch from upstream", "flush finished",
	"health check passed", "lease renewed", "queue depth above threshold", "slow query detected",
	"failed to resolve host, using cached address", "snapshot written", "rate limit reached, backing off",
	"task finished", "no route to host", "GC pause", "configuration reloaded", "user logged in",
	"message acknowledged", "partition reassigned", "stream opened", "upstream prematurely closed connection",
	"model loaded into memory", "prompt truncated to context window", "embedding batch stored",
	"tool call returned", "waiting for lock held by another worker", "TLS handshake completed",
	"Received block of size 67108864", "Transitioned from NEW to UNASSIGNED", "disk usage at 81 percent",
};
static const char *const classes[] = {
	"org.apache.hadoop.mapreduce.v2.app.job.impl.TaskAttemptImpl",
	"org.apache.spark.storage.BlockManagerInfo", "com.example.checkout.OrderService",
	"org.springframework.web.servlet.FrameworkServlet", "com.example.llm.ChatCompletionClient",
	"java.util.concurrent.ThreadPoolExecutor", "io.netty.channel.AbstractChannelHandlerContext",
	"com.zaxxer.hikari.pool.HikariPool", "org.apache.kafka.clients.consumer.internals.Fetcher",
	"com.fasterxml.jackson.databind.ObjectMapper", "okhttp3.internal.connection.RealCall",
};
static const char *const files[] = {
	"/usr/lib/python3.11/asyncio/base_events.py", "/app/src/main.py", "/app/llm/client.py",
	"/opt/venv/lib/python3.11/site-packages/httpx/_client.py",
	"/opt/venv/lib/python3.11/site-packages/openai/_base_client.py",
	"/opt/venv/lib/python3.11/site-packages/anthropic/_base_client.py",
	"/opt/venv/lib/python3.11/site-packages/urllib3/connectionpool.py", "/app/pipeline/embed.py",
	"/var/lib/docker/overlay2/merged/etc/hosts", "/srv/data/export/part-00017.parquet",
};
static const char *const agents[] = {
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
	"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "kube-probe/1.29",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148",
	"python-requests/2.32.3", "curl/8.5.0", "OpenAI/Python 1.35.10", "Anthropic/Python 0.31.2", "-",
	"Go-http-client/2.0", "okhttp/4.12.0", "Prometheus/2.53.0", "axios/1.7.2", "ELB-HealthChecker/2.0",
};
static const char *const models[] = {
	"gpt-4o", "gpt-4o-mini", "claude-sonnet-4-20250514", "claude-3-5-haiku-20241022",
	"gemini-2.0-flash", "llama-3.3-70b-versatile", "mistral-large-latest", "deepseek-chat",
	"text-embedding-3-small", "grok-3-mini", "sonar-pro", "meta-llama/Llama-3.1-8B-Instruct",
};
static const char *const paths[] = {
	"/api/v1/%w/%d", "/api/v2/%w/%u", "/v1/chat/completions", "/v1/messages", "/healthz", "/metrics",
	"/static/js/main.%x.js", "/v2/%X/servers/detail", "/%w/%w", "/images/%w/%d.png", "/v1/embeddings",
	"/api/%w/%d/%w/%d", "/login", "/assets/%w-%x.css", "/v1/organizations/%u/%w",
};
static const char *const queries[] = {
	"page=%d&limit=50", "q=%w+%w&lang=en", "id=%D&%w=%d", "from=%D&to=%D&%w=%w", "sort=%w&order=desc",
	"utm_source=%w&utm_campaign=%w-%d", "cursor=%b", "trace=%h", "v=%x", "%w=%w&%w=%d&keyspace=%w",
};
static const char *const methods[] = { "GET", "GET", "POST", "POST", "PUT", "HEAD", "DELETE" };
static const char *const statuses[] = { "200", "200", "200", "304", "201", "404", "401", "429", "500" };
static const char *const levels[] = { "INFO", "INFO", "DEBUG", "WARN", "ERROR" };
static const char *const misses[] = {
	"task-%x", "disk-%u", "sk-%d", "sk-%w", "hf_%w", "key_%d", "risk-%w-%d", "gsk_%w", "hf_%d.bin",
	"sk-ant-", "sk-ant-api03-", "sk-proj-...", "AKIA%d", "ghp_%d", "key_%x", "xai-grok-%d", "mask-%h",
	"AIza%d", "AIzaSy", "flask-tp-%w", "nvapi-%w", "r8_unorm", "pplx-7b-%d", "eyJ%d", "hvs.%w",
	"sk_%w", "xoxb-", "glpat-%d", "npm_%w", "task_%x-sk-%d", "JQQJ99", "x-api-key,", "Bearer,", "tvly-%d",
};
