internal import ProxyCore

/// The columns of `spending` that hold numbers, which are added up.
enum SpendingColumn: String, CaseIterable {
    case requests
    case input
    case inputAudio = "input_audio"
    case inputImage = "input_image"
    case cacheRead = "cache_read"
    case cacheWrite5m = "cache_write_5m"
    case cacheWrite1h = "cache_write_1h"
    case output
    case reasoning
    case outputAudio = "output_audio"
    case picoDollars = "pico_dollars"
    case unpriced
    case uncertain

    /// Its value; never negative, as the column demands.
    func value(of spending: Spending) -> Int64 {
        let value: Int64 =
            switch self {
            case .requests: Int64(clamping: spending.requests)
            case .input: spending.tokens.input
            case .inputAudio: spending.tokens.inputAudio
            case .inputImage: spending.tokens.inputImage
            case .cacheRead: spending.tokens.cacheRead
            case .cacheWrite5m: spending.tokens.cacheWrite5m
            case .cacheWrite1h: spending.tokens.cacheWrite1h
            case .output: spending.tokens.output
            case .reasoning: spending.tokens.reasoning
            case .outputAudio: spending.tokens.outputAudio
            case .picoDollars: spending.picoDollars
            case .unpriced: Int64(clamping: spending.unpriced)
            case .uncertain: Int64(clamping: spending.uncertain)
            }
        return max(0, value)
    }

    /// Sets its value.
    func set(_ value: Int64, of spending: inout Spending) {
        switch self {
        case .requests: spending.requests = UInt64(clamping: value)
        case .input: spending.tokens.input = value
        case .inputAudio: spending.tokens.inputAudio = value
        case .inputImage: spending.tokens.inputImage = value
        case .cacheRead: spending.tokens.cacheRead = value
        case .cacheWrite5m: spending.tokens.cacheWrite5m = value
        case .cacheWrite1h: spending.tokens.cacheWrite1h = value
        case .output: spending.tokens.output = value
        case .reasoning: spending.tokens.reasoning = value
        case .outputAudio: spending.tokens.outputAudio = value
        case .picoDollars: spending.picoDollars = value
        case .unpriced: spending.unpriced = UInt64(clamping: value)
        case .uncertain: spending.uncertain = UInt64(clamping: value)
        }
    }
}
