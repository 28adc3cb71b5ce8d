using System.Diagnostics.CodeAnalysis;

namespace McpPortal.Data;

/// <summary>An id that is a GUID in the database and a type of its own in code, so that ids cannot be mixed up.</summary>
/// <typeparam name="T">The id type itself.</typeparam>
[SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "Static abstract factory of the implementing type.")]
public interface IGuidId<T> : IParsable<T>
    where T : struct, IGuidId<T>
{
    Guid Value { get; }

    static abstract T From(Guid value);

    static T IParsable<T>.Parse(string s, IFormatProvider? provider) => T.From(Guid.Parse(s));

    static bool IParsable<T>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out T result)
    {
        var parsed = Guid.TryParse(s, out var value);
        result = parsed ? T.From(value) : default;
        return parsed;
    }
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct UserId(Guid Value) : IGuidId<UserId>
{
    public static UserId New() => new(Guid.CreateVersion7());

    public static UserId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct GroupId(Guid Value) : IGuidId<GroupId>
{
    public static GroupId New() => new(Guid.CreateVersion7());

    public static GroupId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct ServerId(Guid Value) : IGuidId<ServerId>
{
    public static ServerId New() => new(Guid.CreateVersion7());

    public static ServerId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct ProviderId(Guid Value) : IGuidId<ProviderId>
{
    public static ProviderId New() => new(Guid.CreateVersion7());

    public static ProviderId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct ConnectionId(Guid Value) : IGuidId<ConnectionId>
{
    public static ConnectionId New() => new(Guid.CreateVersion7());

    public static ConnectionId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct SecretId(Guid Value) : IGuidId<SecretId>
{
    public static SecretId New() => new(Guid.CreateVersion7());

    public static SecretId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct PendingConnectId(Guid Value) : IGuidId<PendingConnectId>
{
    public static PendingConnectId New() => new(Guid.CreateVersion7());

    public static PendingConnectId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct CallId(Guid Value) : IGuidId<CallId>
{
    public static CallId New() => new(Guid.CreateVersion7());

    public static CallId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct SignInSessionId(Guid Value) : IGuidId<SignInSessionId>
{
    public static SignInSessionId New() => new(Guid.CreateVersion7());

    public static SignInSessionId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct NodeId(Guid Value) : IGuidId<NodeId>
{
    public static NodeId New() => new(Guid.CreateVersion7());

    public static NodeId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct RegisteredClientId(Guid Value) : IGuidId<RegisteredClientId>
{
    public static RegisteredClientId New() => new(Guid.CreateVersion7());

    public static RegisteredClientId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct ClientGrantId(Guid Value) : IGuidId<ClientGrantId>
{
    public static ClientGrantId New() => new(Guid.CreateVersion7());

    public static ClientGrantId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct ToolsetId(Guid Value) : IGuidId<ToolsetId>
{
    public static ToolsetId New() => new(Guid.CreateVersion7());

    public static ToolsetId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}

/// <summary>Identifies one row of its kind; created in order of time.</summary>
public readonly record struct ClientSessionId(Guid Value) : IGuidId<ClientSessionId>
{
    public static ClientSessionId New() => new(Guid.CreateVersion7());

    public static ClientSessionId From(Guid value) => new(value);

    public override string ToString() => Value.ToString();
}
