public import DBusKit

extension BusConnection {
    /// A connection to the bus at an address for the time of a scope, whatever becomes of that.
    public static func with<Value>(
        to address: String, _ body: (BusConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await BusConnection.open(.address(address), timeout: .seconds(10))
        let result: Result<Value, any Error>
        do { result = .success(try await body(connection)) } catch { result = .failure(error) }
        await connection.close()
        return try result.get()
    }
}
