import Foundation
import Glibc
import TestSupport

/// A file system of 4 MiB that lives as long as a scope.
struct SmallDisk: Sendable {
    /// Where it is mounted.
    let path: String

    private static let bytes = 4 << 20

    /// Whether this process may mount (it may within a namespace of its own, or as root outside a container).
    static let isPermitted: Bool = {
        var template = Array("/tmp/kmi-mount-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return false }
        let path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { rmdir(path) }
        guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { return false }
        return umount2(path, Int32(MNT_DETACH)) == 0
    }()

    /// Mounts it on an empty directory, hands it to `body` and takes it away.
    static func with<Value>(at path: String, _ body: (SmallDisk) async throws -> Value) async throws -> Value {
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(Self.bytes),mode=0700") == 0 else {
            throw TestFailure("cannot mount: errno \(errno)")
        }
        defer { umount2(path, Int32(MNT_DETACH)) }
        return try await body(SmallDisk(path: path))
    }

    /// Writes a file until there is no room left.
    func fill() throws {
        let descriptor = open(self.path + "/filling", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw TestFailure("open: errno \(errno)") }
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0x61, count: 4_096)
        while block.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) > 0 {}
        guard errno == ENOSPC else { throw TestFailure("write: errno \(errno)") }
    }

    /// Removes that file.
    func makeRoom() throws {
        guard unlink(self.path + "/filling") == 0 else { throw TestFailure("unlink: errno \(errno)") }
    }
}

/// Lets the writes of a process to its database fail as on a disk that has become read-only, as long as a file exists.
///
/// Nothing else does this to files that are open: permissions are looked at when a file is opened, and no file system is
/// made read-only while one is open for writing.
struct FailingWrites: Sendable {
    /// What the process is started with.
    let environment: [String: String]
    private let trigger: String

    /// The C compiler, `nil` if there is none.
    static let compiler = Tools.path(of: "clang") ?? Tools.path(of: "cc")

    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/types.h>
        #include <unistd.h>

        static int fails(int descriptor) {
            char link[64], path[4096];
            const char *trigger = getenv("KMI_TEST_READ_ONLY");
            snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
            ssize_t length = readlink(link, path, sizeof path - 1);
            if (length < 0 || !trigger || access(trigger, F_OK) != 0) return 0;
            path[length] = 0;
            return strstr(path, "/state.sqlite") != NULL;
        }

        ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
            static ssize_t (*next)(int, const void *, size_t, off64_t);
            if (!next) next = dlsym(RTLD_NEXT, "pwrite64");
            if (fails(descriptor)) { errno = EROFS; return -1; }
            return next(descriptor, bytes, count, offset);
        }

        ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
            return pwrite64(descriptor, bytes, count, offset);
        }

        ssize_t write(int descriptor, const void *bytes, size_t count) {
            static ssize_t (*next)(int, const void *, size_t);
            if (!next) next = dlsym(RTLD_NEXT, "write");
            if (descriptor > 2 && fails(descriptor)) { errno = EROFS; return -1; }
            return next(descriptor, bytes, count);
        }
        """

    /// Compiles the library.
    static func build(in directory: TemporaryDirectory) async throws -> FailingWrites {
        guard let compiler else { throw TestFailure("no C compiler") }
        let source = try directory.write("failing.c", self.source)
        let library = directory.path("failing.so")
        let result = try await FinishedProcess.run(
            compiler, arguments: ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"])
        guard result.isSuccess else { throw TestFailure(result.standardError) }
        let trigger = directory.path("read-only")
        return FailingWrites(
            environment: ["LD_PRELOAD": library, "KMI_TEST_READ_ONLY": trigger], trigger: trigger)
    }

    /// From now on writes fail.
    func begin() throws {
        guard FileManager.default.createFile(atPath: self.trigger, contents: Data()) else {
            throw TestFailure("cannot write \(self.trigger)")
        }
    }

    /// They succeed again.
    func end() throws { try FileManager.default.removeItem(atPath: self.trigger) }
}
