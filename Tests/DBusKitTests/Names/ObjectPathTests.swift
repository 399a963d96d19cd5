import DBusKit
import Testing

struct ObjectPathTests {
    /// What sd_bus_path_encode(3) makes of it.
    @Test(arguments: [
        ("", "_"), ("a", "a"), ("Az09", "Az09"), ("9a", "_39a"), ("a_b", "a_5fb"), ("_", "_5f"), ("key-1", "key_2d1"),
        ("a.b/c", "a_2eb_2fc"), ("ö", "_c3_b6"), ("\0", "_00"), ("🔑", "_f0_9f_94_91"), ("1", "_31"), ("11", "_311"),
    ])
    func escapesAnyTextToAnElementAndBack(text: String, element: String) {
        #expect(ObjectPath.escape(text) == element)
        #expect(ObjectPath.unescape(element) == text)
        let root: ObjectPath = "/"
        #expect(root.appending(text).text == "/" + element)
        #expect(ObjectPath(root.appending(text).text) != nil)
    }

    @Test(
        "takes no second spelling of a text, so that no object has two paths",
        arguments: ["", "__", "_5", "_5F", "_61", "9a", "a_", "a_g0", "a-b", "_ff", "a/b", "ä"]
    )
    func refusesWhatEscapingDoesNotMake(element: String) {
        #expect(ObjectPath.unescape(element) == nil)
    }

    @Test
    func appendsBelowTheRootAndBelowOtherPaths() {
        let path: ObjectPath = "/org/kmi"
        #expect(path.appending("key-1") == "/org/kmi/key_2d1")
        #expect(path.appending("a").appending("b") == "/org/kmi/a/b")
    }

    @Test(arguments: [("/", ""), ("/a", "a"), ("/a/b_2d", "b_2d")] as [(ObjectPath, String)])
    func tellsItsLastElement(path: ObjectPath, element: String) {
        #expect(path.lastElement == element)
    }

    @Test(
        arguments: [
            ("/a", "/", true), ("/a/b", "/", true), ("/a/b", "/a", true), ("/a/b/c", "/a", true), ("/", "/", false),
            ("/a", "/a", false), ("/ab", "/a", false), ("/a", "/a/b", false), ("/", "/a", false),
        ] as [(ObjectPath, ObjectPath, Bool)])
    func isAChildOfEverythingAboveIt(path: ObjectPath, other: ObjectPath, isChild: Bool) {
        #expect(path.isChild(of: other) == isChild)
    }
}
