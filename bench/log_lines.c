/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms (see log_fields.h) of each format, those without a key and those with one. Plain forms
 * hold no carrier with a value: in a clean log every masked byte is a false one.
 */
#include "log_lines.h"

#include "log_fields.h"

struct keyed_form {
	const char *context;
	const char *form;
};

struct log_format {
	const char *name;
	const char *const *plain;
	size_t plain_count;
	const struct keyed_form *keyed;
	size_t keyed_count;
};

static const char *const syslog_plain[] = {
	"%y %H sshd[%p]: Failed password for invalid user %U from %i port %p ssh2",
	"%y %H sshd[%p]: Received disconnect from %i: 11: Bye Bye [preauth]",
	"%y %H sshd[%p]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 "
	"tty=ssh ruser= rhost=%i  user=%U",
	"%y %H systemd[1]: Started %s.service - %w %w daemon.",
	"%y %H kernel: [%D.%d] audit: type=1400 audit(%e:%d): apparmor=\"ALLOWED\" "
	"operation=\"open\" profile=\"%s\" name=\"%F\" pid=%p comm=\"%w\" requested_mask=\"r\" "
	"denied_mask=\"r\" fsuid=%d ouid=0",
	"%y %H CRON[%p]: (%U) CMD (/usr/local/bin/%w-%w --%w %d > /dev/null 2>&1)",
	"%y %H dhclient[%p]: DHCPACK of %i from %i",
	"%y %H postfix/smtp[%p]: %x: to=<%U@example.com>, relay=mx1.example.com[%i]:25, delay=%f, "
	"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %h)",
	"%y %H dockerd[%p]: time=\"%t\" level=info msg=\"ignoring event\" container=%S "
	"module=libcontainerd namespace=moby topic=/tasks/delete type=\"*events.TaskDelete\"",
	"%y %H %s[%p]: %m (%w=%d, %w=%g ms)",
};
static const struct keyed_form syslog_keyed[] = {
	{ "header", "%y %H sudo: %U : TTY=pts/%d ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/curl -H "
	            "\"Authorization: Bearer %V\" https://api.example.com/v1/%w" },
	{ "env", "%y %H systemd[1]: %s.service: Passing Environment=OPENAI_API_KEY=%V to %w" },
	{ "bare", "%y %H %s[%p]: %m: upstream refused %K after %d retries" },
	{ "escape", "%y %H %s[%p]: payload was \"%w\\n%K\\n%w\"" },
};

static const char *const nginx_plain[] = {
	"%i - - [%a] \"%G %P HTTP/1.1\" %k %d \"-\" \"%A\"",
	"%i - %U [%a] \"%G %P?%q HTTP/2.0\" %k %d \"https://shop.example.com/%w/%w\" \"%A\" %f %f "
	".",
	"%i - - [%a] \"%G %P?%q HTTP/1.1\" %k %d \"-\" \"%A\" rt=%f uct=\"%f\" uht=\"%f\" "
	"urt=\"%f\" rid=%X",
	"%i - - [%a] \"%G %P HTTP/2.0\" %k %d \"https://www.example.com/%w?%q\" \"%A\"",
	"%c [error] %p#%p: *%D connect() failed (111: Connection refused) while connecting to "
	"upstream, client: %i, server: api.example.com, request: \"%G %P HTTP/1.1\", upstream: "
	"\"http://%i:8080%P\"",
};
static const struct keyed_form nginx_keyed[] = {
	{ "query", "%i - - [%a] \"POST /v1beta/models/%M:generateContent?key=%Q HTTP/1.1\" %k %d "
	           "\"-\" \"%A\"" },
	{ "query", "%i - - [%a] \"GET %P?%q&api_key=%Q HTTP/2.0\" %k %d \"-\" \"%A\" %f" },
	{ "bare", "%i - - [%a] \"GET /%w/%K/%w HTTP/1.1\" 404 %d \"-\" \"%A\"" },
};

static const char *const json_plain[] = {
	"{\"ts\":\"%t\",\"level\":\"%L\",\"service\":\"%s\",\"host\":\"%H\",\"trace_id\":\"%X\","
	"\"span_id\":\"%h\",\"msg\":\"%m\",\"%w\":%d,\"duration_ms\":%g}",
	"{\"time\":\"%t\",\"severity\":\"%L\",\"logger\":\"%s.%w\",\"message\":\"%m\",\"request\":{"
	"\"id\":\"%u\",\"method\":\"%G\",\"path\":\"%P\",\"remote\":\"%i\",\"user_agent\":\"%A\"},"
	"\"status\":%k,\"bytes\":%D}",
	"{\"level\":\"%L\",\"ts\":%e,\"caller\":\"%w/"
	"%w.go:%d\",\"msg\":\"%m\",\"request_id\":\"%u\",\"user\":\"%U\",\"%w\":\"%w\",\"elapsed\":"
	"\"%gms\"}",
	"{\"ts\":\"%t\",\"level\":\"%L\",\"service\":\"llm-proxy\",\"model\":\"%M\",\"prompt_"
	"tokens\":%d,\"completion_tokens\":%d,\"latency_ms\":%g,\"request_id\":\"req_%b\",\"finish_"
	"reason\":\"stop\"}",
	"{\"@timestamp\":\"%t\",\"log.level\":\"%L\",\"message\":\"%m\",\"ecs.version\":\"1.6.0\","
	"\"process.thread.name\":\"%w-%d\",\"log.logger\":\"%C\",\"labels\":{\"%w\":\"%w\",\"%w\":"
	"\"%x\"}}",
};
static const struct keyed_form json_keyed[] = {
	{ "json", "{\"ts\":\"%t\",\"level\":\"DEBUG\",\"service\":\"%s\",\"msg\":\"%m\","
	          "\"headers\":{\"authorization\":\"Bearer %V\",\"user-agent\":\"%A\"}}" },
	{ "json", "{\"ts\":\"%t\",\"level\":\"INFO\",\"service\":\"%s\",\"config\":{\"model\":\"%"
	          "M\",\"api_key\":\"%V\",\"timeout\":%d},\"trace_id\":\"%X\"}" },
	{ "json-escaped", "{\"ts\":\"%t\",\"level\":\"ERROR\",\"service\":\"%s\",\"body\":\"{"
	                  "\\\"model\\\":\\\"%M\\\",\\\"api_key\\\":\\\"%V\\\",\\\"n\\\":%d}\"}" },
	{ "json",
	  "{\"ts\":\"%t\",\"level\":\"ERROR\",\"msg\":\"Incorrect API key provided: %K. You can "
	  "find your keys in the console.\",\"request_id\":\"req_%b\",\"status\":401}" },
	{ "json-escaped",
	  "{\"log\":\"%w\\nusing\\n%K\\n\",\"stream\":\"stderr\",\"time\":\"%T\"}" },
};

static const char *const logfmt_plain[] = {
	"ts=%t level=%L caller=%w.go:%d component=%s msg=\"%m\" %w=%d %w=%w duration=%gms",
	"time=\"%t\" level=%L msg=\"%m\" app=%s request_id=%u remote=%i:%p status=%k bytes=%d",
	("at=%L method=%G path=\"%P\" host=%H.example.com request_id=%u fwd=\"%i\" dyno=web.%d "
	 "connect=%dms service=%dms status=%k bytes=%d protocol=https"),
	"ts=%t level=%L traceID=%X spanID=%h tenant=%d query=\"{app=\\\"%s\\\"}\" %w=%f %w=%D",
};
static const struct keyed_form logfmt_keyed[] = {
	{ "logfmt",
	  "ts=%t level=DEBUG component=%s msg=\"client ready\" model=%M api_key=%V timeout=%dms" },
	{ "logfmt",
	  "time=\"%t\" level=%L msg=\"%m\" app=%s header=\"Authorization: Bearer %V\" status=%k" },
	{ "bare", "ts=%t level=ERROR component=%s msg=\"rejected %K\" attempt=%d" },
};

static const char *const java_plain[] = {
	"%c %L [%w-executor-%d] %C: %m, %w=%d",
	"%c %L [main] %C: attempt_%D_%d_m_%d_0 TaskAttempt Transitioned from NEW to UNASSIGNED",
	"%c INFO [http-nio-8080-exec-%d] %C - %G %P completed in %g ms (user=%U, session %X)",
	"%c %L [%w-%d] %C: Block broadcast_%d_piece0 stored as bytes in memory (estimated size %d "
	"KB, free %d MB)",
	"%c WARN [dfs.DataNode$DataXceiver] %C: %i:50010:Got exception while serving blk_%D%d to "
	"/%i:",
	"%c ERROR [%w-%d] %C: %m\njava.lang.IllegalStateException: %m%J\nCaused by: "
	"java.io.IOException: %m%J\n\t... %d more",
};
static const struct keyed_form java_keyed[] = {
	{ "header", "%c DEBUG [okhttp-dispatcher-%d] %C: --> POST https://api.example.com/v1/%w "
	            "x-api-key: %V (%d-byte body)" },
	{ "bare", "%c ERROR [%w-%d] %C: request with %K "
	          "failed\ncom.example.llm.AuthenticationException: 401 for %u%J" },
	{ "env", "%c INFO [main] %C: System environment MISTRAL_API_KEY=%V, LANG=C.UTF-8" },
};

static const char *const python_plain[] = {
	"%c - %s.%w - %L - %m (%w=%d)",
	"%L:httpx:HTTP Request: %G https://api.example.com%P \"HTTP/1.1 200 OK\"",
	"[%c: %L/ForkPoolWorker-%d] Task %s.tasks.%w[%u] succeeded in %fs: {'%w': %d, '%w': '%w'}",
	"%c - %w.%w - DEBUG - batch %d/%d: %d documents, %w=%f, model='%M'",
	"%c - %s - ERROR - %m\nTraceback (most recent call last):%Y\nValueError: %m: '%w'",
};
static const struct keyed_form python_keyed[] = {
	{ "python-repr",
	  "%c - %s - DEBUG - client kwargs: {'model': '%M', 'api_key': '%V', 'timeout': %d}" },
	{ "python-repr", "DEBUG:openai._base_client:Request options: {'method': 'post', 'url': "
	                 "'/chat/completions', 'headers': {'Authorization': 'Bearer %V'}, "
	                 "'json_data': {'model': '%M'}}" },
	{ "bare", "%c - %s - ERROR - %m\nTraceback (most recent call "
	          "last):%Y\nopenai.AuthenticationError: Error code: 401 - {'error': {'message': "
	          "'Incorrect API key provided: %K.', 'type': 'invalid_request_error'}}" },
};

static const char *const http_plain[] = {
	"> POST /v1/chat/completions HTTP/1.1\n> Host: api.example.com\n> User-Agent: %A\n> "
	"Accept: application/json\n> Content-Type: application/json\n> Content-Length: %d\n> "
	"X-Stainless-Lang: python\n> X-Stainless-Retry-Count: 0\n> Idempotency-Id: %u\n>",
	"< HTTP/1.1 %k OK\n< date: %t\n< content-type: application/json\n< x-request-id: req_%b\n< "
	"x-ratelimit-remaining-requests: %d\n< x-ratelimit-remaining-tokens: %d\n< "
	"openai-processing-ms: %d\n< cf-ray: %h-FRA\n< alt-svc: h3=\":443\"; ma=86400\n<",
	"DEBUG:httpcore.http11:receive_response_headers.complete return_value=(b'HTTP/1.1', %k, "
	"b'OK', [(b'Date', b'%t'), (b'Content-Type', b'application/json'), (b'request-id', "
	"b'req_%b'), (b'CF-RAY', b'%h-FRA')])",
	"data: "
	"{\"id\":\"chatcmpl-%b\",\"object\":\"chat.completion.chunk\",\"created\":%D,\"model\":\"%"
	"M\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" %w\"},\"finish_reason\":null}]}",
	"event: content_block_delta\ndata: "
	"{\"type\":\"content_block_delta\",\"index\":%d,\"delta\":{\"type\":\"text_delta\","
	"\"text\":\" %w %w\"}}",
};
static const struct keyed_form http_keyed[] = {
	{ "header", "> POST /v1/chat/completions HTTP/1.1\n> Host: api.example.com\n> "
	            "Authorization: Bearer %V\n> User-Agent: %A\n> Content-Length: %d\n>" },
	{ "header", "> POST /v1/messages HTTP/1.1\n> Host: api.example.com\n> x-api-key: %V\n> "
	            "anthropic-version: 2023-06-01\n> Content-Length: %d\n>" },
	{ "header", "> POST /v1beta/models/%M:streamGenerateContent HTTP/2\n> x-goog-api-key: "
	            "%V\n> content-type: application/json\n>" },
	{ "python-repr",
	  "DEBUG:httpcore.http11:send_request_headers.started request=<Request [b'POST']> "
	  "headers=[(b'Host', b'api.example.com'), (b'x-note', b'%K'), (b'Accept', b'*/*')]" },
	{ "header", "curl -sS https://api.example.com/v1/%w -H 'api-key: %V' -H 'content-type: "
	            "application/json' -d '{\"model\": \"%M\"}'" },
};

static const char *const kube_plain[] = {
	"%T stdout F %t %L %s: %m %w=%d",
	"%T stderr F I0311 %d   %d controller.go:%d] \"%m\" pod=\"prod/%N\" uid=\"%u\" node=\"%H\"",
	"%T stdout F {\"level\":\"%L\",\"pod\":\"%N\",\"msg\":\"%m\",\"%w\":%d}",
	"%T stdout F \x1b[32m%L\x1b[0m \x1b[2m%s::%w\x1b[0m: %m \x1b[3m%w\x1b[0m=%d",
	"I0311 %d kubelet.go:%d] \"SyncLoop (PLEG): event for pod\" pod=\"prod/%N\" "
	"event={\"ID\":\"%u\",\"Type\":\"ContainerStarted\",\"Data\":\"%S\"}",
	"%T stderr F W0311 %d   %d reflector.go:%d] pulled image "
	"\"registry.example.com/%s@sha256:%S\" in %gs",
};
static const struct keyed_form kube_keyed[] = {
	{ "ansi", "%T stdout F \x1b[33mWARN\x1b[0m \x1b[2m%s::%w\x1b[0m: key \x1b[93m%K\x1b[0m was "
	          "refused" },
	{ "env", "%T stdout F + export ANTHROPIC_API_KEY=%V" },
	{ "json", "%T stdout F {\"level\":\"DEBUG\",\"pod\":\"%N\",\"api_key\":\"%V\",\"%w\":%d}" },
	{ "bare",
	  "%T stderr F E0311 %d   %d %w.go:%d] \"%m\" err=\"unauthorized: %K\" pod=\"prod/%N\"" },
};

static const char *const env_plain[] = {
	"declare -x HOSTNAME=\"%N\"",
	"KUBERNETES_SERVICE_HOST=%i",
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/%w/bin",
	"OPENAI_MODEL=%M",
	"export REQUEST_ID=%u",
	"GIT_COMMIT=%X%x",
	"%s_SERVICE_PORT=%p",
	"LLM_MAX_TOKENS=%d",
	"LD_LIBRARY_PATH=/opt/%w/lib:/usr/lib/x86_64-linux-gnu:/usr/local/nvidia/lib64",
	"BUILD_URL=https://ci.example.com/job/%s/%d/%w",
};
static const struct keyed_form env_keyed[] = {
	{ "env", "OPENAI_API_KEY=%V" },
	{ "env", "declare -x COHERE_API_KEY=\"%V\"" },
	{ "env", "export GITHUB_TOKEN='%V'" },
	{ "env", "NOTE=%K" },
};

static const char *const url_plain[] = {
	("%t %H lb[%p]: %i:%p %i:8080 %f %f %f %k %k %d %d \"%G https://api.example.com:443%P?%q "
	 "HTTP/1.1\" \"%A\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 Root=1-%x-%h%x"),
	"%i - - [%a] \"GET %P?%q&%q&%q HTTP/1.1\" %k %d",
	"%t fetch %G https://cdn.example.com%P?%q&etag=%b -> %k in %g ms",
	"Referer: https://www.example.com/%w/%w?%q#%w-%d",
};
static const struct keyed_form url_keyed[] = {
	{ "query", "%t %H lb[%p]: %i:%p \"GET https://api.example.com:443%P?%q&access_token=%Q&%q "
	           "HTTP/1.1\" \"%A\"" },
	{ "query", "%t fetch GET https://api.example.com%P?key=%Q -> %k in %g ms" },
	{ "query", "%i - - [%a] \"GET %P?apikey=%Q&%q HTTP/1.1\" %k %d" },
	{ "query",
	  "%t fetch POST https://api.example.com/v1/%w?next=%%2Fcb%%3Fs%%3D%K -> %k in %g ms" },
};

static const char *const miss_plain[] = {
	"%t %n %n %n %n %n %n %n %n %n %n %n %n",
	"%n %n %n %n %n %n %n %n",
	"%n, %n: %n %n (%n), %n; %n | %n %n %n %n \"%n\" %n",
	"{\"%n\":\"%n\",\"%n\":\"%n\",\"%n\":[\"%n\",\"%n\",\"%n\"]}",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define FORMAT(label, list)                                                                 \
	{                                                                                   \
		label, list##_plain, COUNT(list##_plain), list##_keyed, COUNT(list##_keyed) \
	}

static const struct log_format formats[] = {
	FORMAT("syslog", syslog),
	FORMAT("nginx", nginx),
	FORMAT("json", json),
	FORMAT("logfmt", logfmt),
	FORMAT("java", java),
	FORMAT("python", python),
	FORMAT("http", http),
	FORMAT("kube", kube),
	FORMAT("env", env),
	FORMAT("url", url),
	{ "near-miss", miss_plain, COUNT(miss_plain), NULL, 0 },
};

const struct log_format *
log_format_at(size_t i)
{
	return i < COUNT(formats) ? &formats[i] : NULL;
}

const struct log_format *
log_format_find(const char *name)
{
	for (size_t i = 0; i < COUNT(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

const char *
log_format_name(const struct log_format *format)
{
	return format->name;
}

size_t
log_format_mixed(void)
{
	return COUNT(formats) - 1;
}

const char *
log_event_write(struct pen *pen, const struct log_format *format, bool keyed)
{
	const struct keyed_form *form;

	pen_tick(pen);
	pen->key.from = NULL;
	if (!keyed || format->keyed_count == 0) {
		form_write(pen,
		           format->plain[rng_skewed(&pen->rng, (uint32_t)format->plain_count)]);
		return NULL;
	}
	form = &format->keyed[rng_below(&pen->rng, (uint32_t)format->keyed_count)];
	form_write(pen, form->form);
	return form->context;
}
