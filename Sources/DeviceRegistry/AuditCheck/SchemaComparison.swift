import AttestationFormat
import GRDB

/// Holds the tables, indexes, triggers and views of a store against those that this program makes: a trigger of somebody else's decides what is written down.
enum SchemaComparison {
    /// - Returns: what is another than it was made, is missing, or is somebody else's; nil: all is as it was made.
    static func fault(_ database: Database, alliance: Name) throws -> String? {
        let reference = try DatabaseQueue().write { made in
            try RegistrySchema.create(in: made, alliance: alliance)
            return try objects(made)
        }
        let found = try objects(database)
        for (name, tokens) in reference.sorted(by: { $0.key < $1.key }) where found[name] != tokens {
            return "the \(name) of the store is \(found[name] == nil ? "not there" : "another than this program makes")"
        }
        let strange = found.keys.filter { reference[$0] == nil }.min()
        return strange.map { "the store has the \($0), which this program does not make" }
    }

    /// By kind and name, what each was made by. SQLite's own are left out: nobody else can make one with such a name.
    private static func objects(_ database: Database) throws -> [String: [String]] {
        var objects: [String: [String]] = [:]
        // A temporary one is this connection's, and nobody else's.
        for row in try Row.fetchAll(database, sql: "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'") {
            objects["\(row["type"] as String) \(PrintableText.line(row["name"], limit: 60))"] = [row["tbl_name"]] + tokens(row["sql"] ?? "")
        }
        return objects
    }

    /// Words, quoted texts and signs: a table that grew by ALTER has other spaces than one that was made so.
    private static func tokens(_ sql: String) -> [String] {
        var (tokens, word, quote): ([String], String, Character?) = ([], "", nil)
        func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber || character == "_" }
        for character in sql {
            if let open = quote {
                word.append(character)
                guard character == open else { continue }
                tokens.append(word)
                (quote, word) = (nil, "")
            } else if isWord(character) {
                word.append(character)
            } else {
                if !word.isEmpty { tokens.append(word) }
                word = ""
                if "'\"`".contains(character) { (quote, word) = (character, String(character)) } else if !character.isWhitespace { tokens.append(String(character)) }
            }
        }
        return word.isEmpty ? tokens : tokens + [word]
    }
}
