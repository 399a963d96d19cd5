import Foundation
import TestSupport

/// Headless Chromium with a profile of its own, that knows loopback and two names for it, and nothing else.
enum Browser {
    /// The program; the distribution's package is called `chromium`.
    static let path = Tools.path(of: "chromium")
    /// A name that resolves to loopback, like one of a page that has its address changed.
    static let rebound = "rebound.example"
    /// Another one, of a page elsewhere.
    static let elsewhere = "elsewhere.example"

    /// Opens a page as long as a scope.
    static func with<Value>(page url: String, _ body: () async throws -> Value) async throws -> Value {
        guard let path else { throw TestFailure("there is no chromium") }
        return try await TemporaryDirectory.with { directory in
            let arguments = [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-extensions", "--disable-default-apps", "--password-store=basic",
                // What a browser does by itself against pages that look around in the local network is not what is tested.
                "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWarn,BlockInsecurePrivateNetworkRequests",
                "--host-resolver-rules=MAP \(Self.rebound) 127.0.0.1, MAP \(Self.elsewhere) 127.0.0.1, "
                    + "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
                "--user-data-dir=\(try directory.makeDirectory("profile"))", "--remote-debugging-port=0", url,
            ]
            return try await ChildProcess.with(
                path, arguments: arguments,
                environment: [
                    "PATH": "/usr/bin:/bin", "HOME": directory.path, "LANG": "C.UTF-8", "TMPDIR": directory.path,
                    "XDG_RUNTIME_DIR": directory.path, "DBUS_SESSION_BUS_ADDRESS": "disabled:",
                ]
            ) { _ in try await body() }
        }
    }

    /// What became of the ways in which a page asks for something.
    struct Findings: Decodable {
        /// By the name of the way: what the page saw.
        var ways: [String: String]
    }

    /// A page that tries every way to reach servers that it knows, and reports what it saw of each.
    ///
    /// `targets` are bases of URLs by a short name, empty for the page's own origin. The page knows a valid token, and tells
    /// its findings to a server of their own, which no connection leads past.
    static func attack(on targets: [String: String], token: String, reportingTo server: LoopbackServer) throws
        -> String
    {
        let json = String(decoding: try JSONSerialization.data(withJSONObject: targets), as: UTF8.self)
        return """
            <!doctype html><meta charset="utf-8"><title>attack</title><body><script>
            const targets = \(json), token = "\(token)", ways = {};
            const body = JSON.stringify({model: "sim-large", messages: [{role: "user", content: "hi"}]});
            const after = ms => new Promise(done => setTimeout(() => done("nothing"), ms));
            const told = response => response.type === "opaque" ? "opaque"
                : response.text().then(text => response.status + " " + text.slice(0, 200));
            const asked = (url, options) => fetch(url, options).then(told, () => "blocked");
            const chat = base => base + "/v1/chat/completions";
            const element = (tag, url) => new Promise(done => {
                const one = document.createElement(tag);
                one.onload = () => {
                    let text = "";
                    try { text = one.contentDocument ? one.contentDocument.body.innerText : ""; } catch (error) {}
                    done(tag === "iframe" ? (text ? "read " + text.slice(0, 200) : "unreadable") : "loaded");
                };
                one.onerror = () => done("error");
                if (tag === "link") { one.rel = "stylesheet"; one.href = url; } else { one.src = url; }
                document.body.append(one);
            });
            const form = url => new Promise(done => {
                const frame = document.createElement("iframe"), one = document.createElement("form");
                frame.name = "f" + Math.random(); one.target = frame.name; one.action = url; one.method = "POST";
                one.enctype = "text/plain"; one.innerHTML = "<input name='{\\"model\\":\\"sim-large\\",\\"x\\":\\"' value='\\"}'>";
                document.body.append(frame, one);
                frame.onload = () => {
                    let text = "";
                    try { text = frame.contentDocument.body.innerText; } catch (error) {}
                    if (frame.contentWindow && (() => { try { return frame.contentWindow.location.href === "about:blank"; }
                        catch (error) { return false; } })()) return;
                    done(text ? "read " + text.slice(0, 200) : "unreadable");
                };
                one.submit();
            });
            const sandboxed = base => new Promise(done => {
                const frame = document.createElement("iframe");
                frame.sandbox = "allow-scripts";
                addEventListener("message", event => { if (event.source === frame.contentWindow) done(event.data); });
                frame.srcdoc = "<script>fetch(" + JSON.stringify((base || location.origin) + "/v1/models")
                    + ", {headers: {authorization: 'Bearer " + token + "'}}).then(r => r.text().then(t => r.status + ' ' + t),"
                    + " () => 'blocked').then(t => parent.postMessage(t, '*'))</" + "script>";
                document.body.append(frame);
            });
            const attempts = {
                get: base => asked(base + "/v1/models"),
                metrics: base => asked(base + "/metrics"),
                simple: base => asked(base + "/v1/models", {mode: "no-cors"}),
                simpleMetrics: base => asked(base + "/metrics", {mode: "no-cors"}),
                token: base => asked(base + "/v1/models", {headers: {authorization: "Bearer " + token}}),
                custom: base => asked(chat(base), {method: "POST", body,
                    headers: {"content-type": "application/json", "x-api-key": token, "x-kmi-proxy-token": token}}),
                plain: base => asked(chat(base), {method: "POST", body, headers: {"content-type": "text/plain"}}),
                blind: base => asked(chat(base), {method: "POST", body, mode: "no-cors"}),
                remove: base => asked(base + "/v1/files/x", {method: "DELETE"}),
                form: base => form(chat(base)),
                frame: base => element("iframe", base + "/v1/models"),
                frameMetrics: base => element("iframe", base + "/metrics"),
                image: base => element("img", base + "/v1/models"),
                script: base => element("script", base + "/v1/models"),
                scriptMetrics: base => element("script", base + "/metrics"),
                style: base => element("link", base + "/metrics"),
                beacon: base => Promise.resolve(String(navigator.sendBeacon(chat(base), body))),
                events: base => new Promise(done => {
                    const source = new EventSource(base + "/v1/models");
                    source.onopen = () => { source.close(); done("open"); };
                    source.onmessage = event => { source.close(); done("read " + event.data); };
                    source.onerror = () => { source.close(); done("error"); };
                }),
                socket: base => new Promise(done => {
                    const socket = new WebSocket((base || location.origin).replace("http", "ws") + "/v1/realtime");
                    socket.onopen = () => done("open");
                    socket.onerror = () => done("error");
                }),
                sandboxed,
            };
            (async () => {
                for (const [name, base] of Object.entries(targets))
                    for (const [way, attempt] of Object.entries(attempts)) {
                        try { ways[name + " " + way] = await Promise.race([attempt(base), after(3000)]); }
                        catch (error) { ways[name + " " + way] = "blocked"; }
                    }
                // A beacon tells nobody when it has arrived.
                await after(300);
                await fetch("http://127.0.0.1:\(server.port)/report", {method: "POST", mode: "no-cors",
                    body: JSON.stringify({ways})});
            })();
            </script>
            """
    }

    /// How many ways there are to reach one server.
    static let ways = 20
}
