import Glibc
import SystemSupport
import Testing

@Suite("Secrets of the environment (K-009)")
struct EnvironmentBlockTests {
    @Test func erasesTheBytesThemselves() throws {
        setenv("KMI_TEST_ERASED", "planted", 1)
        let value = try #require(getenv("KMI_TEST_ERASED"))
        EnvironmentBlock.erase("KMI_TEST_ERASED")
        #expect((0..<7).allSatisfy { value[$0] == 0 })
        #expect(getenv("KMI_TEST_ERASED").map { String(cString: $0) } == "")
        unsetenv("KMI_TEST_ERASED")
    }

    @Test func leavesOthersAlone() {
        EnvironmentBlock.erase("KMI_TEST_NOT_SET")
        #expect(getenv("KMI_TEST_NOT_SET") == nil)
        #expect(getenv("PATH") != nil)
    }
}
