/// The series of a collected family that are known: where each has its place, and what stands on its line before the value.
struct SeriesTable: Sendable {
    private struct Series {
        let values: [String]
        let text: SeriesText
    }

    private var places: [[String]: Int] = [:]
    private var series: [Series] = []
    /// The places sorted by label values, so that two expositions list them in the same order; the last to come may be missing.
    private var order: [Int] = []

    /// How many series are known.
    var count: Int { self.series.count }

    /// The place of a series; `nil` if it is not known.
    func place(of values: [String]) -> Int? { self.places[values] }

    /// Gives a series the next place.
    mutating func add(_ values: [String], of descriptor: MetricDescriptor) {
        self.places[values] = self.series.count
        let labels = LabelValue.text(names: descriptor.labels, values: values)
        self.series.append(Series(values: values, text: SeriesText(descriptor.name, labels: labels)))
    }

    /// All places in the order of the exposition.
    mutating func sortedPlaces() -> [Int] {
        if self.order.count < self.series.count {
            self.order = self.series.indices.sorted {
                self.series[$0].values.lexicographicallyPrecedes(self.series[$1].values)
            }
        }
        return self.order
    }

    /// What stands before the value of the series at a place.
    func text(at place: Int) -> SeriesText { self.series[place].text }

    /// The same without the series at places that are not wanted.
    func keeping(_ isWanted: (_ place: Int) -> Bool) -> SeriesTable {
        var table = SeriesTable()
        for (place, series) in self.series.enumerated() where isWanted(place) {
            table.places[series.values] = table.series.count
            table.series.append(series)
        }
        return table
    }
}

/// The samples of one family in one scrape.
final class CollectedSamples {
    private var table: SeriesTable
    /// By place; `nil` for series that were not reported in this scrape.
    private var values: [Double?]
    private var reported = 0

    init(_ table: SeriesTable) {
        self.table = table
        self.values = Array(repeating: nil, count: table.count)
    }

    /// For how many series there is a place.
    var room: Int { self.values.count }

    /// Takes a sample; tells whether there was room for it.
    func set(_ values: [String], to value: Double, of descriptor: MetricDescriptor, maximumSeries: Int) -> Bool {
        // Known values are harmless ones, so an unclean value is never found here.
        if let place = self.table.place(of: values) { return self.set(place, to: value, maximumSeries: maximumSeries) }
        let values = values.map(LabelValue.neutralised)
        if let place = self.table.place(of: values) { return self.set(place, to: value, maximumSeries: maximumSeries) }
        guard self.reported < maximumSeries else { return false }
        self.table.add(values, of: descriptor)
        self.values.append(value)
        self.reported += 1
        return true
    }

    private func set(_ place: Int, to value: Double, maximumSeries: Int) -> Bool {
        if self.values[place] == nil {
            guard self.reported < maximumSeries else { return false }
            self.reported += 1
        }
        self.values[place] = value
        return true
    }

    /// Appends the lines of what was reported, sorted by label values.
    func write(to writer: inout ExpositionWriter) {
        for place in self.table.sortedPlaces() {
            if let value = self.values[place] { writer.sample(self.table.text(at: place), value: value) }
        }
    }

    /// What the next scrape begins with: all series, unless more than half of them have gone.
    func tableForNextScrape() -> SeriesTable {
        self.table.count <= 2 * self.reported ? self.table : self.table.keeping { self.values[$0] != nil }
    }
}
