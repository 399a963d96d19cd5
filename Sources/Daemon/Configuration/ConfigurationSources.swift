import SystemSupport

/// What the files of the configuration hold at a moment, for telling whether they have changed since they were last read.
///
/// Secrets are not among it: files refer to them.
struct ConfigurationSources: Sendable, Equatable {
    /// What was found at a path: the file's bytes, or why there are none.
    enum Content: Sendable, Equatable {
        case bytes([UInt8])
        case problem(String)
    }

    /// What was found, by path, in the order in which the files are read.
    let contents: [Pair]

    /// A path and what was found there.
    struct Pair: Sendable, Equatable {
        let path: String
        let content: Content
    }

    /// Reads the files that `files` finds; blocks.
    init(_ files: ConfigurationFiles) {
        let found = files.find()
        self.contents =
            found.paths.map { path in
                switch ConfigurationFiles.read(path) {
                case .success(let bytes): Pair(path: path, content: .bytes(bytes))
                case .failure(let failure): Pair(path: path, content: .problem("\(failure.problems)"))
                }
            } + found.problems.map { Pair(path: $0.origin.source, content: .problem("\($0)")) }
    }
}

extension ConfigurationFiles {
    /// Where something can happen that changes what is read; blocks.
    var places: WatchPlaces {
        var places = WatchPlaces()
        for place in self.candidates {
            places.add(file: place.file)
            places.add(directory: place.fragments)
        }
        for path in self.find().paths { places.add(file: path) }
        return places
    }
}
