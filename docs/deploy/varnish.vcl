# Varnish in front of event streams. Each stream takes a thread: `-p thread_pool_max` (5,000) times `-p thread_pools` (2) is the limit.
vcl 4.1;

backend app {
    .host = "127.0.0.1";
    .port = "3000";
    # How long the server may be silent: several heartbeats, which come every 15 seconds.
    .between_bytes_timeout = 60s;
    .first_byte_timeout = 60s;
}

sub vcl_recv {
    if (req.url ~ "^/events(\?|$)") {
        # Never looked up and never stored; and nobody waits for what somebody else has asked for, as two misses of one URL would.
        return (pass);
    }
}

sub vcl_backend_response {
    if (beresp.http.Content-Type ~ "^text/event-stream") {
        # The default; without it nothing is passed on before the end.
        set beresp.do_stream = true;
        # The server's no-cache stays, for the caches between here and the client.
        set beresp.uncacheable = true;
    }
}

sub vcl_backend_error {
    if (bereq.url ~ "^/events(\?|$)") {
        # No server there: an EventSource takes 503 for the last word and never asks again. So an empty stream that says when to.
        set beresp.status = 200;
        set beresp.http.Content-Type = "text/event-stream";
        set beresp.http.Cache-Control = "no-store";
        synthetic({"retry: 5000
"});
        return (deliver);
    }
}
