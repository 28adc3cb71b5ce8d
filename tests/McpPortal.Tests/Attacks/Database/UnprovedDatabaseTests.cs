using McpPortal.Data;

namespace McpPortal.Tests.Attacks.Database;

public sealed class UnprovedDatabaseTests
{
    [Theory]
    [InlineData("Host=db.example", true)]
    [InlineData("Host=10.0.0.5;SSL Mode=Disable", true)]
    [InlineData("Host=db.example;SSL Mode=Require", true)]
    [InlineData("Host=db.example;SSL Mode=VerifyCA", false)]
    [InlineData("Host=db.example;SSL Mode=VerifyFull", false)]
    [InlineData("Host=localhost", false)]
    [InlineData("Host=127.0.0.1", false)]
    [InlineData("Host=/var/run/postgresql", false)]
    public void DB_10_A_PostgreSQL_elsewhere_that_nothing_proves_is_warned_of(string text, bool warned) =>
        Assert.Equal(warned, DatabaseNotice.Unproved(DatabaseKind.Postgres, text) is not null);

    [Theory]
    [InlineData("Server=db.example", false)]
    [InlineData("Server=db.example;TrustServerCertificate=true", true)]
    [InlineData("Server=tcp:db.example,1433;Encrypt=Optional", true)]
    [InlineData("Server=db.example;Encrypt=Strict", false)]
    [InlineData("Server=localhost;TrustServerCertificate=true", false)]
    public void DB_10_A_SQL_Server_elsewhere_whose_certificate_is_not_checked_is_warned_of(string text, bool warned) =>
        Assert.Equal(warned, DatabaseNotice.Unproved(DatabaseKind.SqlServer, text) is not null);
}
