import Metrics
import Testing

struct NegotiationTests {
    @Test(
        "the format follows Accept (RFC 9110 section 12.5.1)",
        arguments: [
            (nil, .prometheus),
            ("", .prometheus),
            ("*/*", .prometheus),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", .prometheus),
            ("text/plain;version=0.0.4", .prometheus),
            ("application/json", .prometheus),
            ("application/*", .prometheus),
            ("application/openmetrics-text", .openMetrics),
            ("Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", .openMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"", .openMetrics),
            ("application/openmetrics-text;version=0.0.1", .prometheus),
            ("application/openmetrics-text;q=0", .prometheus),
            ("application/openmetrics-text;q=0, */*;q=0.1", .prometheus),
            ("application/openmetrics-text;q=0.3, text/plain;q=0.4", .prometheus),
            ("application/openmetrics-text;q=0.401, text/plain;q=0.4", .openMetrics),
            ("text/plain, application/openmetrics-text", .prometheus),
            ("application/openmetrics-text, text/plain", .openMetrics),
            ("*/*, application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text;q=0.5, */*;q=0.9", .prometheus),
            (
                "application/openmetrics-text;q=0.5;version=1.0.0, application/openmetrics-text;version=0.0.1, text/plain;q=0.6",
                .prometheus
            ),
            ("application/openmetrics-text;q=2", .prometheus),
            ("application/openmetrics-text;q=0.1234", .prometheus),
            ("application/openmetrics-text;q=", .prometheus),
            ("text/plain;note=\"a,application/openmetrics-text,b\"", .prometheus),
            ("text/plain;note=\"\\\",application/openmetrics-text\"", .prometheus),
            (";;,,/,=", .prometheus),
            // What Prometheus 2.42 and 3 send.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                    + "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
                    + "text/plain;version=0.0.4;q=0.2,*/*;q=0.1", .openMetrics
            ),
        ] as [(String?, ExpositionFormat)])
    func followsAccept(accept: String?, format: ExpositionFormat) {
        #expect(ExpositionFormat.negotiate(accept: accept) == format)
    }

    @Test func namesContentTypes() {
        #expect(ExpositionFormat.prometheus.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            ExpositionFormat.openMetrics.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        )
    }
}
