import Testing

@testable import SystemSupport

@Suite("What the service manager is told (A-017)")
struct ServiceNotifierTests {
    @Test("each message has the assignments of sd_notify(3), and a status stays one line")
    func texts() {
        #expect(ServiceNotifier.Message.ready(status: "a\nSTOPPING=1").text == "READY=1\nSTATUS=a STOPPING=1")
        #expect(ServiceNotifier.Message.status("3 of 5\r\nkeys").text == "STATUS=3 of 5 keys")
        #expect(
            ServiceNotifier.Message.stopping(status: "Draining", patience: .seconds(15)).text
                == "STOPPING=1\nSTATUS=Draining\nEXTEND_TIMEOUT_USEC=15000000")
        #expect(
            ServiceNotifier.Message.ending(status: "Draining", patience: .milliseconds(1_500)).text
                == "STATUS=Draining\nEXTEND_TIMEOUT_USEC=1500000")
        #expect(ServiceNotifier.Message.alive.text == "WATCHDOG=1")
        #expect(ServiceNotifier.Message.reloading.text.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    }
}
