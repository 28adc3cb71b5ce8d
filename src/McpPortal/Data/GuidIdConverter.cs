using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace McpPortal.Data;

internal sealed class GuidIdConverter<T>() : ValueConverter<T, Guid>(id => id.Value, value => Make(value))
    where T : struct, IGuidId<T>
{
    private static T Make(Guid value) => T.From(value);
}
