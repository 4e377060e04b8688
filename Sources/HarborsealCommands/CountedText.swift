/// Numbers of things in words: `1 batch`, `3 batches`.
enum CountedText {
    static func of(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(count) \(count == 1 ? one : many ?? one + "s")"
    }
}
